import { lstat, readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from './failure.js';
import { hasEnded } from './process-table.js';

/**
 * Looks after a command while it runs, for what the kernel does not limit by itself. `first`: the process id of the first
 * process of its namespace. Calls `stop` with a sentence when it has gone too far; resolves when `signal` is aborted.
 */
export type Watch = (first: number, stop: (why: string) => void, signal: AbortSignal) => Promise<void>;

const MEMORY_EVERY_MS = 250;
/** A process that is just ending has no files any more a moment before it has ended. */
const UNSEEN_IN_A_ROW = 3;
const FOLDER_EVERY_MS = 1000;
/** Of its time, a watch spends no more than one part in so many on looking. */
const REST = 10;

export const watchMemory =
  (limitBytes: number): Watch =>
  (first, stop, signal) => {
    let unseen = 0;
    return every(MEMORY_EVERY_MS, signal, async () => {
      const used = await memoryOf(first).catch((error: unknown) => (hasEnded(first) ? 0 : error));
      unseen = typeof used === 'number' ? 0 : unseen + 1;
      if (unseen >= UNSEEN_IN_A_ROW) stop(`its memory cannot be watched: ${messageOf(used)}`);
      else if (typeof used === 'number' && used > limitBytes) stop(`more than ${inMib(limitBytes)} of memory`);
    });
  };

/** Of the files in some folders, no link followed; what they hold at the beginning counts as well. */
export const watchFolders =
  (folders: readonly string[], limit: { readonly bytes: number; readonly files: number }): Watch =>
  (_, stop, signal) =>
    every(FOLDER_EVERY_MS, signal, async () => {
      const { bytes, files } = await usageOf(folders, limit.files);
      if (files > limit.files) stop(`more than ${limit.files} files`);
      else if (bytes > limit.bytes) stop(`more than ${inMib(limit.bytes)} of files`);
    });

/** Bytes on disk and number of files and folders; ends its count once there are more than `most`. */
export const usageOf = async (
  folders: readonly string[],
  most = Infinity,
): Promise<{ readonly bytes: number; readonly files: number }> => {
  const waiting = folders.map((folder) => Buffer.from(folder));
  let [bytes, files] = [0, 0];
  for (let folder = waiting.pop(); folder !== undefined && files <= most; folder = waiting.pop())
    for (const name of await readdir(folder, { encoding: 'buffer' }).catch((): Buffer[] => [])) {
      const path = Buffer.concat([folder, Buffer.from('/'), name]);
      const stat = await lstat(path).catch(() => undefined); // it is gone already, or too deep to be opened
      files += 1;
      bytes += (stat?.blocks ?? 0) * 512;
      if (stat?.isDirectory()) waiting.push(path);
    }
  return { bytes, files };
};

/** Looks again and again until the signal is aborted. */
export const every = async (ms: number, signal: AbortSignal, look: () => Promise<void>): Promise<void> => {
  while (!signal.aborted) {
    const began = performance.now();
    await look();
    const rest = Math.max(ms, (performance.now() - began) * REST);
    await delay(rest, undefined, { signal, ref: false }).catch(() => undefined);
  }
};

/** What the processes of a namespace have for themselves, as its own /proc lists them: text and files that they share are left out. */
const memoryOf = async (first: number): Promise<number> => {
  const proc = `/proc/${first}/root/proc`;
  const pids = (await readdir(proc)).filter((name) => /^\d+$/.test(name));
  const each = await Promise.all(
    pids.map(async (pid) => {
      const status = await readFile(`${proc}/${pid}/status`, 'utf8').catch(() => ''); // it has ended
      return [...status.matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm)].reduce((sum, [, kb]) => sum + Number(kb), 0);
    }),
  );
  return each.reduce((sum, kb) => sum + kb, 0) * 1024;
};

const inMib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
