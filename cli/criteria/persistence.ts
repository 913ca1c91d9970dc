import { isDeepStrictEqual } from 'node:util';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { AgentView, Page } from '../api.js';
import type { ServiceClient } from '../client.js';
import { workFailed } from '../exit-codes.js';
import { readHealth } from '../health.js';
import { plural } from '../render/style.js';
import type { ServiceProcess } from '../service-process.js';
import type { Criterion } from './set-up.js';

const KEY = 'agent:status:';
const WRITTEN_WITHIN_MS = 10_000;

type Statuses = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The hashes `agent:status:<id>` of Redis, and a sprint, before and after all processes, Redis too, were started again. */
export const persistence = async <S extends Pick<ServiceProcess, 'stop'>>(
  stage: { start(): Promise<{ readonly service: S; readonly client: ServiceClient }> },
  service: S,
  before: ServiceClient,
  sprintId: string,
) => {
  const known = await snapshot(before, sprintId);
  await service.stop();
  const next = await stage.start();
  const found = await snapshot(next.client, sprintId);
  const same = isDeepStrictEqual(found, known);
  const count = Object.keys(known.statuses).length;
  const criterion: Criterion = {
    name: 'Persistence: status survives a restart',
    shown: `service and Redis restarted; ${plural(count, 'hash', 'hashes')} ${KEY}<id> and the sprint are ${same ? 'the same' : 'not the same'}`,
    holds: count > 0 && same,
  };
  return { criterion, ...next };
};

const snapshot = async (client: ServiceClient, sprintId: string) => {
  const statuses = await writtenStatuses(client);
  const sprint = await client.get(z.looseObject({}), `/hyper-running/sprints/${sprintId}`);
  return { statuses, sprint: { ...sprint, cursor: undefined } };
};

/** The hashes, once they say of every agent what the service says: they are written a moment after the log. */
const writtenStatuses = async (client: ServiceClient): Promise<Statuses> => {
  const path = (await readHealth(client)).redis?.address;
  if (path === undefined || !path.startsWith('/'))
    throw workFailed('The Redis of this stage told no socket of its own.');
  const redis = new Redis({ path });
  try {
    for (const deadline = Date.now() + WRITTEN_WITHIN_MS; ; await wait(50)) {
      const { items } = await client.get(Page(AgentView), '/agents');
      const statuses = await readStatuses(redis);
      const behind = items.filter(({ id, status }) => statuses[id]?.status !== status).map(({ id }) => id);
      if (behind.length === 0) return statuses;
      if (Date.now() > deadline)
        throw workFailed(`${KEY}<id> does not say what the service says of ${behind.join(', ')}.`);
    }
  } finally {
    redis.disconnect();
  }
};

/** All fields of all agents, without when they were last seen. */
const readStatuses = async (redis: Redis): Promise<Statuses> => {
  const keys = (await redis.keys(`${KEY}*`)).toSorted();
  const read = keys.map(async (key) => {
    const { lastSeen: _, ...status } = await redis.hgetall(key);
    return [key.slice(KEY.length), status] as const;
  });
  return Object.fromEntries(await Promise.all(read));
};
