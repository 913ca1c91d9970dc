import { readdir, readFile } from 'node:fs/promises';
import { every, type Watch } from './watch.js';

const EVERY_MS = 5000;
/** The clock that the kernel counts the time of processes by: USER_HZ, a hundred to the second on every Linux. */
const TICKS_PER_SECOND = 100;
/** What a process that only waits uses for its own timers is less: a fiftieth of a processor. */
const WORKING = 1 / 50;

/**
 * Calls `works` again and again as long as processes that the program has started use the processor. `own`: how many
 * generations of processes are the program itself, and whatever it is started behind.
 */
export const watchWork =
  (works: () => void, own = 1): Watch =>
  (first, _stop, signal) => {
    let before: Ticks = new Map();
    return every(EVERY_MS, signal, async () => {
      const now = await ticksOfChildren(first, own).catch((): Ticks => new Map()); // it has ended, or ends
      if (usedSince(before, now) >= (EVERY_MS / 1000) * TICKS_PER_SECOND * WORKING) works();
      before = now;
    });
  };

/** Time on a processor by process. */
export type Ticks = ReadonlyMap<number, number>;

/** A process that is new counts with all that it has used. */
export const usedSince = (before: Ticks, now: Ticks): number =>
  [...now].reduce((sum, [pid, ticks]) => sum + Math.max(0, ticks - (before.get(pid) ?? 0)), 0);

/** Of the processes of a namespace, as its own /proc lists them. */
const ticksOfChildren = async (first: number, own: number): Promise<Ticks> => {
  const proc = `/proc/${first}/root/proc`;
  const pids = (await readdir(proc)).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`${proc}/${pid}/stat`, 'utf8').catch(() => '')));
  return ticksIn(stats, own);
};

/**
 * Reads `/proc/<pid>/stat`: proc(5). Left out are the first process, what it has started, and so on for as many generations as
 * are told. What a process has waited for of its own children counts with it.
 */
export const ticksIn = (stats: readonly string[], own = 1): Ticks => {
  const all = new Map(stats.flatMap((stat) => (stat === '' ? [] : [statOf(stat)])));
  const generation = (pid: number): number => {
    const parent = all.get(pid)?.parent ?? 0;
    return parent <= 1 ? 0 : 1 + generation(parent);
  };
  return new Map([...all].flatMap(([pid, { ticks }]) => (generation(pid) < own ? [] : [[pid, ticks]])));
};

const statOf = (stat: string): [number, { readonly parent: number; readonly ticks: number }] => {
  const [, parent = 0, ...fields] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  // utime, stime, cutime, cstime: fields 14 to 17 of the line, counted from its first.
  const ticks = fields.slice(9, 13).reduce((sum, one) => sum + one, 0);
  return [Number(stat.slice(0, stat.indexOf(' '))), { parent, ticks }];
};
