import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { startRedisServer, type RedisServer } from '../libs/event-store/test/redis-server.js';
import { Api } from '../test/harness/api.js';
import { exportSprint } from '../test/harness/audit.js';
import { LiveEvents } from '../test/harness/events.js';
import { makeRepository, QUICK } from '../test/harness/repositories.js';
import { ALL_PASSED, approve, completed, outcomesOf, propose } from '../test/harness/sprints.js';

const MAIN = join(process.cwd(), 'dist', 'service', 'main.js');

/** The service as it is built, as a process of its own. `npm test` builds first. */
class Service {
  output = '';
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;

  constructor(env: Readonly<Record<string, string>>) {
    const { PATH, HOME } = process.env;
    this.child = spawn(process.execPath, [MAIN], { env: { PATH, HOME, HYPER_RUN_PORT: '0', ...env } });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.exit = once(this.child, 'exit').then(([code]) => code as number | null);
  }

  async ready(): Promise<void> {
    const ended = this.exit.then(() => true);
    while (!this.output.includes('HyperRun is ready')) {
      const said = once(this.child.stdout ?? this.child, 'data').then(() => false);
      if (await Promise.race([said, ended])) throw new Error(this.output);
    }
  }

  stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return this.exit;
  }
}

describe('the service as a process', () => {
  let redis: RedisServer;
  let dataDirectory: string;
  const services: Service[] = [];
  const servers: RedisServer[] = [];
  const serve = (more: Readonly<Record<string, string>> = {}) => {
    const service = new Service(env(more));
    services.push(service);
    return service;
  };
  const env = (more: Readonly<Record<string, string>> = {}) => ({
    REDIS_URL: `unix://${redis.path}`,
    HYPER_RUN_DATA_DIR: dataDirectory,
    ...more,
  });

  beforeAll(async () => {
    redis = await startRedisServer('--appendfsync', 'always');
    dataDirectory = await mkdtemp(join(tmpdir(), 'hyper-run-main-'));
  });
  afterEach(async () => {
    for (const service of services.splice(0)) {
      service.child.kill('SIGKILL');
      await service.exit;
    }
    for (const server of servers.splice(0)) await server.end();
  });
  afterAll(async () => {
    await redis.end();
    await rm(dataDirectory, { recursive: true, force: true });
  });

  it('says where it is, answers, and goes when it is asked to', async () => {
    const service = serve();
    await service.ready();
    const file = JSON.parse(await readFile(join(dataDirectory, 'service.json'), 'utf8')) as {
      url: string;
      pid: number;
    };
    expect(file).toMatchObject({ url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), pid: service.child.pid });
    expect(service.output).toMatch(`HyperRun is ready: ${file.url} · durability always`);
    const token = (await readFile(join(dataDirectory, 'token'), 'utf8')).trim();
    const ask = (path: string) => fetch(file.url + path, { headers: { authorization: `Bearer ${token}` } });
    expect(await (await ask('/health/ready')).json()).toMatchObject({ status: 'ready', durability: 'always' });
    expect(await (await ask('/metrics')).text()).toMatch(/^hyper_run_events_total \d+$/m);
    expect(await (await ask('/openapi.json')).json()).toMatchObject({
      openapi: '3.1.0',
      paths: { '/events/stream': {} },
    });
    expect(await (await ask('/health/clock')).json()).toMatchObject({ redisClock: { offsetMs: expect.any(Number) } });
    const stream = await ask('/events/stream');
    expect(stream.status).toBe(200);
    const metrics = await (await ask('/metrics')).text();
    expect(metrics).toMatch(/^hyper_run_stream_clients\{stream="events"\} 1$/m);
    expect(metrics).toMatch(/^hyper_run_stream_last_pass_seconds [\d.e-]+$/m);
    expect(await service.stop()).toBe(0);
    expect(await stream.text()).toContain('event: hello');
    await expect(access(join(dataDirectory, 'service.json'))).rejects.toThrow('ENOENT');
  });

  it('names a wrong setting and ends with 2', async () => {
    const service = serve({ HYPER_RUN_PORT: 'http' });
    expect(await service.exit).toBe(2);
    expect(service.output.trim()).toBe('HYPER_RUN_PORT: expected a whole number from 0 to 65535, found "http".');
  });

  it('says that Redis is out of reach and ends with 3', async () => {
    const service = serve({ REDIS_URL: `unix://${join(dataDirectory, 'none.sock')}` });
    expect(await service.exit).toBe(3);
    expect(service.output.trim().split('\n')).toEqual([
      expect.stringMatching(/^Redis at .*none\.sock does not answer/),
    ]);
  });

  it('refuses a Redis that forgets, unless it is told otherwise', async () => {
    const weak = await startRedisServer('--maxmemory-policy', 'allkeys-lru');
    servers.push(weak);
    const there = { REDIS_URL: `unix://${weak.path}`, HYPER_RUN_DATA_DIR: join(dataDirectory, 'weak') };
    const refused = serve(there);
    expect(await refused.exit).toBe(3);
    expect(refused.output).toMatch(/maxmemory-policy is allkeys-lru.*HYPER_RUN_ALLOW_WEAK_REDIS/s);
    const allowed = serve({ ...there, HYPER_RUN_ALLOW_WEAK_REDIS: 'true' });
    await allowed.ready();
    expect(await allowed.stop()).toBe(0);
  });

  it('refuses a log that lost what was acknowledged, and goes on with it at the word of the operator', async () => {
    const own = await mkdtemp(join(tmpdir(), 'hyper-run-rewound-'));
    const first = serve({ HYPER_RUN_DATA_DIR: own });
    await first.ready();
    expect(await first.stop()).toBe(0);
    const emptied = await startRedisServer('--appendfsync', 'always');
    servers.push(emptied);
    const there = { HYPER_RUN_DATA_DIR: own, REDIS_URL: `unix://${emptied.path}` };
    const refused = serve(there);
    expect(await refused.exit).toBe(3);
    expect(refused.output).toMatch(/acknowledged events are gone.*HYPER_RUN_ACCEPT_LOG=/);
    const [, word = ''] = /HYPER_RUN_ACCEPT_LOG=(\S+)\./.exec(refused.output) ?? [];
    const accepted = serve({ ...there, HYPER_RUN_ACCEPT_LOG: word });
    await accepted.ready();
    expect(await accepted.stop()).toBe(0);
    await rm(own, { recursive: true, force: true });
  });

  it('names a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const service = serve({ HYPER_RUN_PORT: String(port) });
    expect(await service.exit).toBe(1);
    expect(service.output).toContain(`Port ${port} on 127.0.0.1 is in use.`);
    other.close();
  });

  it('is three processes with one role each: every one does its own part and no other', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const taken = String((other.address() as AddressInfo).port);
    const file = join(dataDirectory, 'service.json');
    const serveAs = (role: string, port = taken) =>
      serve({
        HYPER_RUN_REPOSITORIES: dataDirectory,
        HYPER_RUN_ALLOW_UNCONFINED: 'true',
        HYPER_RUN_ROLES: role,
        HYPER_RUN_PORT: port,
      });

    // Whoever does not answer opens no port (this one is taken), says nowhere that it is there, and hears no message.
    const worker = serveAs('worker');
    await worker.ready();
    expect(worker.output).toContain('HyperRun is ready: roles worker · ');
    await expect(access(file)).rejects.toThrow('ENOENT');
    const answering = serveAs('api', '0');
    await answering.ready();
    const { url, pid } = JSON.parse(await readFile(file, 'utf8')) as { url: string; pid: number };
    expect(pid).toBe(answering.child.pid);
    const api = new Api(url, (await readFile(join(dataDirectory, 'token'), 'utf8')).trim());
    const ready = async () => (await api.get<object>('/health/ready')).body;
    expect(await ready()).toMatchObject({ roles: ['api'], absentRoles: ['orchestrator'] });

    // The worker scans and verifies the base; without an orchestrator nobody decides what follows from it.
    const live = await LiveEvents.open(api);
    const plan = await propose(api, { repository: await makeRepository(dataDirectory, 'atlas', QUICK) });
    await approve(api, plan);
    const verified = await live.wait('sprint.base-verified', plan.planId);
    const deciding = serveAs('orchestrator');
    await deciding.ready();
    expect(await ready()).toMatchObject({ absentRoles: [] });
    const sprint = await completed(api, plan.planId);
    expect(outcomesOf(sprint)).toEqual(ALL_PASSED);
    live.close();

    const { events } = await exportSprint(api, sprint.sprintId);
    const decided = events.filter(({ actor }) => actor === 'orchestrator');
    expect(decided.map(({ type }) => type)).toContain('sprint.completed');
    expect(Math.min(...decided.map(({ position }) => position))).toBeGreaterThan(Number(verified.position));
    const workers = new Set(events.flatMap((one) => (one.type === 'task.claimed' ? [one.data.worker] : [])));
    const client = new Redis({ path: redis.path });
    const signs = await Promise.all([...workers].map((id) => client.get(`hyper:{p0}:lease:${id}`)));
    const hearing = await client.call('PUBSUB', 'NUMSUB', 'sprint.plan');
    client.disconnect();
    expect(signs.map((sign) => JSON.parse(sign ?? '{}') as unknown)).toMatchObject([{ pid: worker.child.pid }]);
    expect(JSON.stringify(hearing)).toMatch(/sprint\.plan"\W+1\b/);

    expect(await worker.stop()).toBe(0);
    expect(await deciding.stop()).toBe(0);
    expect(await ready()).toMatchObject({ absentRoles: ['orchestrator', 'worker'] });
    await access(file);
    expect(await answering.stop()).toBe(0);
    other.close();
  });
});
