import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Settings } from './service.js';

/** A throw-away folder with the data directory of a service and the repositories that it may work on. */
export interface Place {
  readonly root: string;
  readonly dataDirectory: string;
  readonly repositories: string;
  readonly settings: Settings;
  remove(): Promise<void>;
}

export const openPlace = async (settings: Settings = {}): Promise<Place> => {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'hyper-run-test-')));
  const dataDirectory = join(root, 'data');
  const repositories = join(root, 'repositories');
  await mkdir(repositories);
  return {
    root,
    dataDirectory,
    repositories,
    settings: {
      HYPER_RUN_DATA_DIR: dataDirectory,
      HYPER_RUN_REPOSITORIES: repositories,
      HYPER_RUN_PORT: '0',
      HYPER_RUN_LEASE_SECONDS: '1',
      HYPER_RUN_PAUSE_SECONDS: '1',
      // Used only where bubblewrap does not run; what is verified here is our own.
      HYPER_RUN_ALLOW_UNCONFINED: 'true',
      ...settings,
    },
    // Redis may still be writing its last words.
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }),
  };
};

/** What tasks left lying about where they work: `<worker>/<task>`. */
export const leftovers = async ({ dataDirectory }: Place): Promise<string[]> => {
  const work = join(dataDirectory, 'work');
  const workers = await readdir(work).catch(() => []);
  const tasks = await Promise.all(
    workers.map(async (worker) => (await readdir(join(work, worker))).map((task) => `${worker}/${task}`)),
  );
  return tasks.flat();
};
