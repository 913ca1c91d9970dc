import { readFile } from 'node:fs/promises';

const TICKS_PER_SECOND = 100;

/** Processor time of a process so far, in milliseconds; 0 where the system does not tell (it is Linux that does). */
export const processorMs = async (pid) => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return text === '' ? 0 : ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
};

/** Resident memory of a process in MiB; 0 where the system does not tell. */
export const residentMiB = async (pid) => {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024;
};
