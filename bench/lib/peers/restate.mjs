import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:http2';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { payload } from '../events.mjs';
import { load, NotMeasured } from '../not-measured.mjs';

const START_MS = 60_000;

/**
 * One handler of Restate whose steps (`ctx.run`) return 300 bytes each. Its server runs beside us in a temporary folder,
 * with its own defaults (its log syncs every write), reached by Unix sockets.
 */
export const open = async () => {
  Promise.withResolvers ??= withResolvers;
  const restate = await load('@restatedev/restate-sdk');
  const program = await findServer();
  const directory = await mkdtemp(join(tmpdir(), 'hr-rs-'));
  const service = restate.service({ name: 'bench', handlers: { work } });
  const endpoint = createServer(restate.createEndpointHandler({ services: [service], logger: () => undefined }));
  endpoint.listen(0, '127.0.0.1');
  await once(endpoint, 'listening');
  const server = spawn(program, ['--node-name', 'n', '--base-dir', directory], {
    cwd: directory,
    env: { PATH: process.env.PATH, HOME: directory, ...SETTINGS },
    stdio: 'ignore',
  });
  const close = async () => {
    endpoint.close();
    if (server.exitCode === null && server.signalCode === null) {
      server.kill('SIGKILL');
      await once(server, 'exit');
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await ready(server, directory);
    await post(join(directory, 'n', 'admin.sock'), '/deployments', {
      uri: `http://127.0.0.1:${endpoint.address().port}`,
    });
    return { steps: (count) => post(join(directory, 'n', 'ingress.sock'), '/bench/work', count), close };
  } catch (error) {
    await close();
    throw error;
  }
};

/** What the SDK expects of `Promise`, and Node has since 22. */
function withResolvers() {
  const made = {};
  made.promise = new this((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

const work = async (ctx, count) => {
  for (let n = 0; n < count; n++) await ctx.run(`step ${n}`, () => payload(n));
};

const SETTINGS = { RESTATE_LISTEN_MODE: 'unix', RESTATE_DISABLE_TELEMETRY: 'true', RESTATE_LOG_FILTER: 'error' };

/** The binary that comes as a package of its platform. */
const findServer = async () => {
  const require = createRequire(import.meta.url);
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}`;
  try {
    const folder = dirname(
      createRequire(require.resolve('@restatedev/restate-server/package.json')).resolve(`${name}/package.json`),
    );
    const program = join(folder, 'bin', 'restate-server');
    await access(program);
    return program;
  } catch {
    throw new NotMeasured(`${name} is not installed (npm ci --prefix bench)`);
  }
};

const ready = async (server, directory) => {
  const until = performance.now() + START_MS;
  for (;;) {
    const healthy = await Promise.all(
      [
        ['admin.sock', '/health'],
        ['ingress.sock', '/restate/health'],
      ].map(([socket, path]) => ask(join(directory, 'n', socket), 'GET', path)),
    ).catch(() => undefined);
    if (healthy !== undefined) return;
    if (server.exitCode !== null) throw new NotMeasured(`restate-server ended with ${server.exitCode}`);
    if (performance.now() > until) throw new NotMeasured('restate-server was not ready within a minute');
    await delay(50);
  }
};

const post = (socketPath, path, body) => ask(socketPath, 'POST', path, JSON.stringify(body));

const ask = (socketPath, method, path, body) =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', host: 'localhost' };
    const call = request({ socketPath, method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () =>
        response.statusCode < 300 ? resolve(text) : reject(new Error(`${path}: ${response.statusCode} ${text}`)),
      );
    });
    call.on('error', reject);
    call.end(body);
  });
