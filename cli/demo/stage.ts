// A service of its own with everything it needs, in a folder that is thrown away.
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { detectIsolation, type IsolationReport } from '#sandbox';
import { findTool, toolCache } from '#system-tools';
import { ServiceClient } from '../client.js';
import { startService, type ServiceProcess, type StartOptions } from '../service-process.js';

export interface Stage {
  readonly folder: string;
  readonly repository: string;
  readonly env: NodeJS.ProcessEnv;
  start(): Promise<{ readonly service: ServiceProcess; readonly client: ServiceClient }>;
  /** Ends every service that was started here, and removes the folder unless it is to be kept. */
  close(keep?: boolean): Promise<void>;
}

export interface StageOptions extends Pick<StartOptions, 'main' | 'signal'> {
  /** Of the repository's folder. */
  readonly name?: string;
}

/** What of the environment is ours would lead the demo to the person's own service. */
const isOurs = (name: string) => name === 'REDIS_URL' || name.startsWith('HYPER_RUN_');

/** A folder with room for a repository and a data directory; the port is a free one, Redis is embedded. */
export const setStage = async (
  outer: NodeJS.ProcessEnv,
  settings: NodeJS.ProcessEnv,
  { name = 'star-ledger', ...options }: StageOptions = {},
): Promise<Stage> => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'hyper-run-demo-')));
  const repository = join(folder, 'repositories', name);
  const env = {
    ...Object.fromEntries(Object.entries(outer).filter(([name]) => !isOurs(name))),
    HYPER_RUN_DATA_DIR: join(folder, 'data'),
    HYPER_RUN_REPOSITORIES: join(folder, 'repositories'),
    HYPER_RUN_PORT: '0',
    ...settings,
  };
  const services: ServiceProcess[] = [];
  return {
    folder,
    repository,
    env,
    start: async () => {
      const service = await startService({ env, output: 'quiet', ...options });
      services.push(service);
      return { service, client: new ServiceClient(service.address) };
    },
    close: async (keep = false) => {
      await Promise.all(services.map((service) => service.stop()));
      if (!keep) await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
};

/** How well commands can be confined here: measured by running bubblewrap. */
export const measureIsolation = async (log?: (line: string) => void): Promise<IsolationReport> => {
  const bwrap = await findTool('bwrap', { cacheDir: toolCache(), ...(log && { log }) }).catch(() => undefined);
  return detectIsolation({ bwrap });
};
