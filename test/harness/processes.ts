import { readdir, readFile } from 'node:fs/promises';

export interface RunningProcess {
  readonly pid: number;
  /** One letter, as the kernel tells it: R runs, S sleeps, T stands still. */
  readonly state: string;
}

/** Processes of this machine that carry a mark in their command line, in whatever namespace. Zombies are gone. */
export const processesWith = async (mark: string): Promise<RunningProcess[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [line, stat] = await Promise.all(
        ['cmdline', 'stat'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')),
      );
      const state = stat?.slice(stat.lastIndexOf(')') + 2)[0] ?? 'Z';
      return line?.includes(mark) === true && state !== 'Z' ? [{ pid, state }] : [];
    }),
  );
  return found.flat();
};
