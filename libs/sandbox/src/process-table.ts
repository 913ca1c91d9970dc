import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { codeOf } from './failure.js';

/** Sends a signal; a process that is gone already is fine. */
export const kill = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH' && codeOf(error) !== 'EPERM') throw error;
  }
};

/** Gone, or a zombie: the first process of a namespace becomes one only after all others in it have ended. */
export const hasEnded = (pid: number): boolean => {
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return true;
    throw error;
  }
};

/** Whether a process with this text in its command line is there, in whatever namespace. */
export const runsAnywhere = async (text: string): Promise<boolean> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.some((line) => line.includes(text));
};
