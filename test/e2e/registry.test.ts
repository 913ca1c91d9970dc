import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventData } from '#contracts';
import { GitRepository } from '#git';
import { startRedisServer, type RedisServer } from '../../libs/event-store/test/redis-server.js';
import { setupCacheOf } from '../../src/tasks/setup-cache.js';
import type { Api } from '../harness/api.js';
import { exportSprint } from '../harness/audit.js';
import { LiveEvents } from '../harness/events.js';
import { openPlace, type Place } from '../harness/place.js';
import { makeRepository } from '../harness/repositories.js';
import { launch, type Service } from '../harness/service.js';
import { approve, completed, outcomesOf, propose, type PlanAnswer } from '../harness/sprints.js';

const run = promisify(execFile);

/** Where the service keeps what it made for a repository: with those of all others. */
const setupCache = async (path: string): Promise<string> => {
  const opened = await GitRepository.open(path);
  opened.close();
  return setupCacheOf(opened);
};

/** A package registry on the loopback of this machine, with one package. */
const openRegistry = async (folder: string) => {
  await mkdir(join(folder, 'package'), { recursive: true });
  const manifest = { name: 'atlas-words', version: '1.0.0', main: 'index.js' };
  await writeFile(join(folder, 'package/package.json'), JSON.stringify(manifest));
  await writeFile(join(folder, 'package/index.js'), "module.exports = 'words';\n");
  await run('tar', ['-czf', 'words.tgz', 'package'], { cwd: folder });
  const tarball = await readFile(join(folder, 'words.tgz'));
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  const seen: string[] = [];
  const server: Server = createServer(({ url = '' }, response) => {
    seen.push(url);
    if (url.endsWith('.tgz')) response.end(tarball);
    else response.writeHead(404).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { server, host, seen, integrity };
};

/** A step of the set-up that looks for other ways out, and fails where it finds one. */
const PROBE = `
const http = require('node:http'), net = require('node:net');
const status = (options) => new Promise((resolve) => http.request(options, (response) => resolve(response.resume().statusCode)).on('connect', (response) => resolve(response.statusCode)).on('error', () => resolve('none')).end());
const reaches = (port) => new Promise((resolve) => net.connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false)));
const proxy = new URL(process.env.http_proxy);
const through = { host: proxy.hostname, port: proxy.port };
Promise.all([
  status({ ...through, path: 'http://elsewhere.example/secret' }),
  status({ ...through, method: 'CONNECT', path: 'elsewhere.example:443' }),
  reaches(Number(process.argv[2])),
]).then((found) => {
  console.log(JSON.stringify(found));
  process.exitCode = found.every((one) => one === 403 || one === 'none' || one === false) ? 0 : 1;
});
`;

describe('a set-up that needs a package registry', () => {
  let redis: RedisServer;
  let place: Place;
  let service: Service;
  let api: Api;
  let registry: Awaited<ReturnType<typeof openRegistry>>;
  let repository: string;

  beforeAll(async () => {
    redis = await startRedisServer('--appendfsync', 'always');
    place = await openPlace({ REDIS_URL: `unix://${redis.path}` });
    registry = await openRegistry(join(place.root, 'registry'));
    const url = `http://${registry.host}`;
    const dependencies = { 'atlas-words': '1.0.0' };
    const resolved = `${url}/atlas-words/-/atlas-words-1.0.0.tgz`;
    const packages = {
      '': { name: 'atlas', dependencies },
      'node_modules/atlas-words': { version: '1.0.0', resolved, integrity: registry.integrity },
    };
    const port = registry.host.split(':')[1];
    repository = await makeRepository(place.repositories, 'atlas', {
      'docs/words.md': '# Words\n\nYou will recieve a map.\n',
      'package.json': JSON.stringify({
        name: 'atlas',
        private: true,
        scripts: { test: 'node test.cjs' },
        dependencies,
      }),
      'package-lock.json': JSON.stringify({ name: 'atlas', lockfileVersion: 3, packages }, null, 2),
      'test.cjs': "if (require('atlas-words') !== 'words') process.exit(1);\n",
      'probe.cjs': PROBE,
      '.hyper-run.json': JSON.stringify({ setup: ['npm ci --ignore-scripts --no-audit', `node probe.cjs ${port}`] }),
    });
    service = launch(place, { npm_config_registry: `${url}/` });
    api = await service.ready;
  }, 60_000);
  afterAll(async () => {
    await service?.stop();
    if (repository !== undefined) await rm(await setupCache(repository), { recursive: true, force: true });
    registry?.server.closeAllConnections();
    registry?.server.close();
    await redis?.end();
    await place?.remove();
  });

  const baseOf = async (plan: PlanAnswer) => {
    const live = await LiveEvents.open(api, { sprint: plan.planId });
    try {
      await approve(api, plan);
      return (await live.wait('sprint.base-verified')).data as EventData<'sprint.base-verified'>;
    } finally {
      live.close();
    }
  };

  it('reaches nobody unless the plan grants it', async () => {
    const plan = await propose(api, { repository });
    expect(plan.verification).toMatchObject({ setupNetwork: false, setupHosts: [registry.host] });
    expect(await baseOf(plan)).toMatchObject({
      outcome: 'failed',
      reason: expect.stringMatching(/^The set-up failed: "npm ci .* It had no network; grant it in the plan/),
    });
    expect(registry.seen).toEqual([]);
    await api.post(`/hyper-running/sprints/${plan.planId}/cancel`, {});
    await completed(api, plan.planId);
  });

  it('reaches the registry that was granted and nothing else, and what it asked for besides is in the log', async () => {
    const proposed = await propose(api, { repository });
    const path = `/hyper-running/plans/${proposed.planId}`;
    const { body: plan } = await api.patch<PlanAnswer>(path, { setupNetwork: true }, { 'if-match': `"${proposed.planHash}"` }); // prettier-ignore
    const { outcome, reason, refusedHosts } = await baseOf(plan);
    expect({ outcome, reason, refusedHosts }).toEqual({ outcome: 'passed', refusedHosts: ['elsewhere.example'] });
    expect(outcomesOf(await completed(api, plan.planId))).toEqual(['spelling passed']);
    expect(registry.seen).toEqual(['/atlas-words/-/atlas-words-1.0.0.tgz']);
    const { events } = await exportSprint(api, plan.planId);
    const steps = events.flatMap((one) => (one.type === 'task.verification-step-finished' ? [one.data.step] : []));
    expect(steps.map(({ command, outcome }) => `${command} ${outcome}`)).toEqual(['npm test passed']);
  });
});
