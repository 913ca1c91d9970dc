import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { findTool, startRedis, toolCache, type RedisHandle } from '#system-tools';
import { ServiceClient } from '../client.js';
import { persistence } from './persistence.js';

const HASH = { id: 'links-1', status: 'idle', role: 'Repairs links', lastSeen: '2026-01-01T00:00:00.000Z' };
const KEY = 'agent:status:links-1';

let directory: string;
let handle: RedisHandle;
let redis: Redis;
let server: Server;
let client: ServiceClient;

/** A service that says of its one agent that it is idle, and where its Redis is. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hyper-run-persistence-'));
  handle = await startRedis({ directory, tool: await findTool('redis-server', { cacheDir: toolCache() }) });
  redis = new Redis({ path: handle.socketPath });
  const answers: Readonly<Record<string, unknown>> = {
    '/health/ready': { redis: { address: handle.socketPath } },
    '/agents': { items: [{ ...HASH, name: 'Links' }] },
    '/hyper-running/sprints/s1': { status: 'completed', cursor: 'c' },
  };
  server = createServer((request, response) => response.end(JSON.stringify(answers[request.url ?? ''])));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = new ServiceClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: 'secret' });
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  redis.disconnect();
  await handle.close();
  await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

/** What the criterion says when the restart leaves `after` in Redis where `HASH` was. */
const judged = async (after: object) => {
  await redis.del(KEY);
  await redis.hset(KEY, HASH);
  const service = { stop: async () => void (await redis.hset(KEY, after)) };
  const { criterion } = await persistence({ start: async () => ({ service, client }) }, service, client, 's1');
  return criterion;
};

describe('the criterion of persistence', () => {
  it('holds when the hashes in Redis are what they were, whenever an agent was last seen', async () => {
    expect(await judged({ lastSeen: '2026-01-02T00:00:00.000Z' })).toMatchObject({
      holds: true,
      shown: expect.stringContaining('1 hash agent:status:<id>'),
    });
  });

  it('does not when a hash says something else, although the service says the same', async () => {
    expect(await judged({ role: 'Repairs nothing' })).toMatchObject({ holds: false });
  });
});
