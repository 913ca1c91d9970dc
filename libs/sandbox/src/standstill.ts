// The processes of a namespace stand still, and go on where they were.
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { hasEnded, kill } from './process-table.js';

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  /** With its id, it names one process and no later one. */
  readonly began: string;
}

/** All that come from the first process of a namespace, itself left out, parents before their children. */
export const descendantsOf = async (first: number): Promise<Process[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const children = new Map<number, Process[]>();
  for (const one of pids.flatMap((pid) => processOf(Number(pid)) ?? []))
    children.set(one.parent, [...(children.get(one.parent) ?? []), one]);
  const found = [...(children.get(first) ?? [])];
  for (let at = 0; at < found.length; at += 1) found.push(...(children.get(found[at]?.pid ?? 0) ?? []));
  return found;
};

/** Undefined: it has ended. */
const processOf = (pid: number): Process | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', parent = '0', ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid, parent: Number(parent), state, began: rest[17] ?? '' };
  } catch {
    return undefined;
  }
};

const isStill = ({ state }: Process): boolean => 'TtZX'.includes(state);

/** In the kernel, as one is that has made a child by `vfork` until that goes on: it stops before it runs again. */
const isHeld = ({ state }: Process): boolean => state === 'D';

const nameOf = ({ pid, began }: Process): string => `${pid} ${began}`;

/** Not to whoever has its number meanwhile. */
const send = (to: Process, signal: NodeJS.Signals): void => {
  if (processOf(to.pid)?.began === to.began) kill(to.pid, signal);
};

const AGAIN_MS = 2;

/** Of one namespace. The first process only waits for the others, and is left alone. */
export class Standstill {
  #wanted = false;
  #last: Promise<void> = Promise.resolve();

  constructor(private readonly first: Promise<number>) {}

  /** Resolves when none of them runs: none can then start another one, nor wake one up. */
  begin(): Promise<void> {
    return this.#want(true);
  }

  /** Resolves when all of them have been told to go on. */
  end(): Promise<void> {
    return this.#want(false);
  }

  #want(still: boolean): Promise<void> {
    this.#wanted = still;
    return (this.#last = this.#last.then(() => (still ? this.#stop() : this.#wake())));
  }

  async #stop(): Promise<void> {
    const first = await this.first;
    if (first <= 0) return;
    const told = new Set<string>();
    while (this.#wanted && !hasEnded(first)) {
      const running = (await descendantsOf(first)).filter(
        (one) => !isStill(one) && !(isHeld(one) && told.has(nameOf(one))),
      );
      if (running.length === 0) return;
      for (const one of running) {
        send(one, 'SIGSTOP');
        told.add(nameOf(one));
      }
      await delay(AGAIN_MS);
    }
  }

  /** Children first: whoever waits for one does not see that it was stopped. */
  async #wake(): Promise<void> {
    const first = await this.first;
    if (this.#wanted || first <= 0) return;
    for (const one of (await descendantsOf(first)).toReversed()) send(one, 'SIGCONT');
  }
}
