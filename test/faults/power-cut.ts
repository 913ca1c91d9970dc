import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { isHyperRunError, type Position, type StreamName } from '#contracts';
import { openEventStore, type EventStore, type LogMark, type LogOptions } from '#event-store';
import { append, exact, write } from '../../libs/event-store/test/appends.js';
import { bound, spawnBound } from '../../libs/event-store/test/spawn-bound.js';

const WRITERS = 8;
/** Events of each writer, also where the machine is slow. */
const FEWEST = 2;
const PREFIX = 'power:';
const SYSCALLS = 'openat,write,fdatasync,fsync';

/** Whether strace may trace here. Debian: `apt-get install strace`. */
export const canTrace = async (): Promise<boolean> =>
  promisify(execFile)('strace', ['-qq', '-o', '/dev/null', '-e', 'trace=write', 'true']).then(
    () => true,
    () => false,
  );

interface Acknowledged {
  readonly position: Position;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface PowerCutOptions {
  readonly fsync: 'always' | 'everysec';
  /** For how long it is written to. */
  readonly forMs: number;
  /** As of the store. */
  readonly waitForDisk?: number;
  readonly partitions?: number;
  /** Redis server; default: as everywhere in the tests. */
  readonly program?: string;
}

export interface PowerCut {
  readonly acknowledged: readonly Acknowledged[];
  /** Acknowledged, and not in what the disk had. */
  readonly lost: readonly Acknowledged[];
  readonly cutAt: number;
  /** Bytes that Redis had written and the disk did not have. */
  readonly bytesLost: number;
  /** The longest time in which nothing at all was acknowledged: the machine stood still, or its disk did. */
  readonly longestPause: number;
  /** What the next start said, who knew the last position that was acknowledged. */
  readonly told?: string;
}

/**
 * Redis is written to, and the power fails: what it had written since its last finished fdatasync began is gone. That point is
 * read from a trace of its system calls, so nothing that only stood in the memory of the kernel counts as kept: the worst
 * that a disk which keeps its word can do. (kill -9 shows nothing of this, the kernel goes on writing.) Then Redis loads
 * what is left, and what is missing of what was acknowledged is counted.
 */
export const cutPower = async ({
  fsync,
  forMs,
  waitForDisk,
  program,
  partitions = 1,
}: PowerCutOptions): Promise<PowerCut> => {
  const folder = await mkdtemp(join(tmpdir(), 'hyper-run-power-'));
  const settings = { folder, fsync, program: program ?? process.env['HYPER_RUN_REDIS_SERVER'] ?? 'redis-server' };
  const traced = await start({ ...settings, trace: join(folder, 'trace') });
  let server: Awaited<ReturnType<typeof start>> | undefined;
  try {
    const store = await openEventStore({ redis: { path: traced.path }, prefix: PREFIX, waitForDisk, partitions });
    const { incarnation } = store;
    const acknowledged: Acknowledged[] = [];
    const end = Date.now() + forMs;
    const writing = Array.from({ length: WRITERS }, (_, index) => writeUntil(store, index, end, acknowledged));
    await Promise.all(writing);
    const cutAt = Date.now();
    await traced.kill();
    await store.close();
    const file = await increment(folder);
    const written = (await readFile(file)).length;
    const kept = durableBytes(await readFile(join(folder, 'trace'), 'utf8'), file);
    await truncate(file, kept);
    server = await start(settings);
    const redis = { path: server.path };
    const top = Math.max(...acknowledged.map(({ position }) => position)) as Position;
    const known: LogMark = { incarnation, position: top };
    const { last, told } = await startAgain({ redis, prefix: PREFIX, partitions, known });
    const lost = acknowledged.filter(({ position }) => position > last);
    const longestPause = longestGap([...acknowledged.map(({ at }) => at), cutAt]);
    return { acknowledged, lost, cutAt, bytesLost: written - kept, longestPause, ...(told !== undefined && { told }) };
  } finally {
    await traced.kill();
    await server?.kill();
    await rm(folder, { recursive: true, force: true });
  }
};

/** Where the log ends, for the next start, and what that says of it. */
const startAgain = async (options: LogOptions): Promise<{ readonly last: number; readonly told?: string }> => {
  try {
    const store = await openEventStore(options);
    const last = await store.top();
    await store.close();
    return { last };
  } catch (error) {
    if (!isHyperRunError(error)) throw error;
    const { found } = error.details as { readonly found?: LogMark };
    return { last: found?.position ?? 0, told: error.code };
  }
};

const writeUntil = async (
  store: EventStore,
  index: number,
  end: number,
  acknowledged: Acknowledged[],
): Promise<void> => {
  // With several partitions, a repository lies in one of them by its name.
  const stream = `repository-power-${index}` as StreamName;
  for (let version = 0; version < FEWEST || Date.now() < end; version++) {
    const { position } = await store.append(append([write(stream, exact(version), `${index} ${version}`)]));
    acknowledged.push({ position, at: Date.now() });
  }
};

const longestGap = (moments: readonly number[]): number =>
  moments.reduce((longest, at, index) => Math.max(longest, at - (moments[index - 1] ?? at)), 0);

const increment = async (folder: string): Promise<string> => {
  const names = await readdir(join(folder, 'appendonlydir'));
  return join(folder, 'appendonlydir', names.find((name) => name.endsWith('.incr.aof')) ?? '');
};

/** `<pid> write(7</path>, ""..., 340) = 340`, or in two lines where another thread came in between. */
const LINE = /^(\d+) +(?:(write|fdatasync|fsync)\(\d+<([^>]*)>|<\.\.\. (write|fdatasync|fsync) resumed>)(.*)$/;

/** So many bytes of the file the disk had for certain: all that were written before the last sync that ended began. */
export const durableBytes = (trace: string, file: string): number => {
  const underWay = new Map<string, { readonly call: string; readonly written: number }>();
  let written = 0;
  let durable = 0;
  for (const line of trace.split('\n')) {
    const [, pid = '', begun, path, resumed, rest = ''] = LINE.exec(line) ?? [];
    if (begun !== undefined && path !== file) continue;
    if (begun !== undefined) underWay.set(pid, { call: begun, written });
    const call = underWay.get(pid);
    if (call === undefined || rest.includes('<unfinished ...>') || (resumed ?? begun) !== call.call) continue;
    underWay.delete(pid);
    const result = Number(/= (-?\d+)/.exec(rest)?.[1] ?? -1);
    if (call.call === 'write') written += Math.max(0, result);
    else if (result === 0) durable = Math.max(durable, call.written);
  }
  return durable;
};

interface StartOptions {
  readonly folder: string;
  readonly fsync: string;
  readonly program: string;
  readonly trace?: string;
}

/** A Redis on a socket in the folder; with its system calls written to a file. */
const start = async ({ folder, fsync, program, trace }: StartOptions) => {
  const path = join(folder, 'redis.sock');
  const settings = ['--port', '0', '--unixsocket', path, '--dir', folder, '--save', '', '--appendonly', 'yes'];
  const command = [program, ...settings, '--appendfsync', fsync];
  const tracing = ['strace', '-f', '-qq', '-y', '-s', '0', '-e', `trace=${SYSCALLS}`, '-o', trace ?? ''];
  const [file = '', ...args] = trace === undefined ? command : [...tracing, ...bound(...command)];
  const child = spawnBound(file, args, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const redis = new Redis({ path, retryStrategy: () => 20, maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  const info = await redis.info('server');
  redis.disconnect();
  const pid = Number(/process_id:(\d+)/.exec(info)?.[1]);
  let isOver = false;
  return {
    path,
    kill: async () => {
      if (isOver) return;
      isOver = true;
      process.kill(pid, 'SIGKILL');
      await ended;
    },
  };
};
