import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from '@jest/globals';
import { SYSTEM_STREAM, type Position, type StreamName } from '#contracts';
import { RedisEventStore, type LogMark } from '#event-store';
import { append, exact, failureOf, newStream, write } from '../../libs/event-store/test/appends.js';
import { startRedisServer } from '../../libs/event-store/test/redis-server.js';

/** What Redis 7 appends to. */
const INCREMENT = /\.incr\.aof$/;

/**
 * A log whose last append, five events on two streams, is cut off at chosen places of the append-only file, as by a disk
 * that lost its end. Each time Redis loads what is left; the log then holds that append wholly or not at all, and who knows
 * how far it had got is told. Returns how many places there were to choose from.
 */
export const surviveCuts = async (choose: (bytes: number) => readonly number[]): Promise<number> => {
  const server = await startRedisServer('--appendfsync', 'always');
  const folder = dirname(server.path);
  const open = (known?: LogMark) => RedisEventStore.open({ redis: { path: server.path }, prefix: 'cut:', known });
  try {
    const store = await open();
    const { incarnation } = store;
    const [one, two] = [newStream(), newStream()];
    const before = await store.append(append([write(one, exact(0), 'kept')]));
    const file = await increment(folder);
    const start = (await stat(file)).size;
    const after = await store.append(append([write(one, exact(1), 'a', 'b'), write(two, exact(0), 'c', 'd', 'e')]));
    const known = { incarnation, position: after.position };
    await store.close();
    await server.stop('SIGKILL');
    const whole = await readFile(file);
    for (const cut of choose(whole.length - start)) {
      await writeFile(file, whole.subarray(0, start + cut));
      await server.start();
      if (start + cut < whole.length)
        expect([cut, await failureOf(open(known))]).toMatchObject([
          cut,
          { code: 'log.rewound', details: { accept: `${after.cursor}-${before.position}` } },
        ]);
      const left = await open(start + cut < whole.length ? undefined : known);
      await expectWhole(left, start + cut < whole.length ? before.position : after.position, [one, two]);
      await left.close();
      await server.stop('SIGKILL');
    }
    return whole.length - start;
  } finally {
    await server.end();
  }
};

const increment = async (folder: string): Promise<string> => {
  const names = await readdir(join(folder, 'appendonlydir'));
  return join(folder, 'appendonlydir', names.find((name) => INCREMENT.test(name)) ?? '');
};

/** The log ends there, every stream is as long as its head says, and the order of all events has no hole. */
const expectWhole = async (store: RedisEventStore, end: Position, streams: readonly StreamName[]): Promise<void> => {
  expect(await store.top()).toBe(end);
  let events = (await store.read(SYSTEM_STREAM)).length;
  for (const stream of streams) {
    const { version } = await store.head(stream);
    expect(await store.read(stream)).toHaveLength(version);
    events += version;
  }
  expect((await store.readAll(0 as Position, 100)).map(({ position }) => position)).toEqual(
    Array.from({ length: end }, (_, index) => index + 1),
  );
  expect(events).toBe(end);
};
