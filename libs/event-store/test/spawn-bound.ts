import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';

/** prctl(2), PR_SET_PDEATHSIG. The `process` of a test is a copy that never hears `exit`, and a signal would give it no time. */
const BOUND = ['setpriv', '--pdeathsig', 'KILL', '--'] as const;
let isThere: boolean | undefined;

/** A command whose process ends, by force, when the one that starts it does: where util-linux says so; elsewhere as it is. */
export const bound = (...command: readonly string[]): readonly string[] => {
  isThere ??= spawnSync(BOUND[0], [...BOUND.slice(1), 'true']).status === 0;
  return isThere ? [...BOUND, ...command] : command;
};

/** Starts a program that leaves no process behind when the tests are killed. */
export const spawnBound = (program: string, args: readonly string[], options: SpawnOptions): ChildProcess => {
  const [file = '', ...rest] = bound(program, ...args);
  return spawn(file, rest, options);
};
