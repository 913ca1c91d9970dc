import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModuleMetadata } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { agentRegistry } from '#agents';
import type { AnyEvent, SprintId, StreamName, Version } from '#contracts';
import { commandHash, newId, type EventStore } from '#event-store';
import { startRedisServer, type RedisServer } from '../../libs/event-store/test/redis-server.js';
import { AccessModule } from '../../src/access/access.module.js';
import { AgentsModule } from '../../src/agents/agents.module.js';
import { Token } from '../../src/access/token.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { loadConfig } from '../../src/config/config.js';
import { fastifyAdapter, prepareHttp } from '../../src/http/fastify.js';
import { HttpModule } from '../../src/http/http.module.js';
import { LogModule } from '../../src/log/log.module.js';
import { openLog } from '../../src/log/open-log.js';

export interface Rooms {
  readonly url: string;
  readonly token: string;
  readonly dataDirectory: string;
  readonly app: NestFastifyApplication;
  readonly store: EventStore;
  readonly redis: RedisServer;
  /** A request with the token. */
  fetch(path: string, init?: RequestWithToken): Promise<Response>;
  /** Appends events to a sprint's stream, in batches. */
  append(sprintId: string, events: readonly AnyEvent[]): Promise<void>;
  close(): Promise<void>;
}

export type RequestWithToken = Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> };

interface Wanted extends ModuleMetadata {
  readonly env?: Readonly<Record<string, string>>;
  readonly replace?: readonly { readonly token: symbol; readonly value: unknown }[];
  /** The Redis to work on, which then outlives the rooms. */
  readonly redis?: RedisServer;
}

/** Some rooms of the service, with its door and its HTTP edge, on a Redis of their own. */
export const openRooms = async (wanted: Wanted): Promise<Rooms> => {
  const { env = {}, replace = [], imports = [], redis: given, ...more } = wanted;
  const redis = given ?? (await startRedisServer('--appendfsync', 'always'));
  const dataDirectory = await mkdtemp(join(tmpdir(), 'hyper-run-rooms-'));
  const config = loadConfig({
    REDIS_URL: `unix://${redis.path}`,
    HYPER_RUN_DATA_DIR: dataDirectory,
    HYPER_RUN_PORT: '0',
    ...env,
  });
  const log = await openLog(config);
  const rooms = [
    ConfigModule.forRoot(config),
    LogModule.forRoot(log),
    AgentsModule.forRoot(agentRegistry()),
    CqrsModule.forRoot(),
    HttpModule,
    AccessModule,
  ];
  let building = Test.createTestingModule({ ...more, imports: [...rooms, ...imports] });
  for (const { token, value } of replace) building = building.overrideProvider(token).useValue(value);
  const module = await building.compile();
  const app = module.createNestApplication<NestFastifyApplication>(fastifyAdapter(config), {
    bodyParser: false,
    forceCloseConnections: true,
    logger: ['fatal'],
  });
  prepareHttp(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const token = app.get(Token).value;
  return {
    url,
    token,
    dataDirectory,
    app,
    store: log.store,
    redis,
    fetch: (path, init = {}) =>
      fetch(url + path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } }),
    append: (sprintId, events) => append(log.store, sprintId as SprintId, events),
    close: async () => {
      await app.close();
      if (given === undefined) await redis.end();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
};

const BATCH = 100;

const append = async (store: EventStore, sprintId: SprintId, events: readonly AnyEvent[]): Promise<void> => {
  const stream = `sprint-${sprintId}` as StreamName;
  let { version } = await store.head(stream);
  for (let at = 0; at < events.length; at += BATCH) {
    const batch = events.slice(at, at + BATCH);
    const commandId = newId();
    await store.append({
      commandId,
      commandHash: commandHash({ commandId }),
      actor: 'system',
      writes: [{ stream, guard: { kind: 'exact', version }, subjects: { sprintId }, events: batch }],
    });
    version = (version + batch.length) as Version;
  }
};
