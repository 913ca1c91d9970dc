import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The built service on the Redis of a bench, answering alone: it starts no work. */
export const startService = (socket) => launch(socket, { HYPER_RUN_ROLES: 'api' });

/** The same with all its roles: it carries out whatever the log asks for. */
export const startWholeService = (socket, settings = {}) => launch(socket, settings);

const launch = async (socket, settings) => {
  const directory = await mkdtemp(join(tmpdir(), 'hyper-run-bench-service-'));
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../dist/service/main.js', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      REDIS_URL: `unix://${socket}`,
      HYPER_RUN_PORT: '0',
      HYPER_RUN_DATA_DIR: directory,
      HYPER_RUN_REPOSITORIES: directory,
      HYPER_RUN_ALLOW_WEAK_REDIS: 'true',
      ...settings,
    },
  });
  for await (const chunk of child.stdout) if (String(chunk).includes('is ready')) break;
  child.stdout.resume();
  const end = async (signal) => {
    child.kill(signal);
    await once(child, 'exit');
    await rm(directory, { recursive: true, force: true });
  };
  const { url } = JSON.parse(await readFile(join(directory, 'service.json'), 'utf8'));
  const token = (await readFile(join(directory, 'token'), 'utf8')).trim();
  return {
    url,
    token,
    pid: child.pid,
    link: async () => {
      const answer = await fetch(`${url}/session/links`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
      });
      return url + (await answer.json()).path;
    },
    end: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
};
