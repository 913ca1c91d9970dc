import { openSync, readdirSync, readFileSync } from 'node:fs';

type Stdio = 'ignore' | 'pipe' | number;

/**
 * Covers, with /dev/null, the descriptors that whoever started us left open: a child would inherit them, and through
 * them reach what no namespace hides. Node marks its own as not to be inherited.
 */
export const withoutInherited = (stdio: readonly Stdio[]): Stdio[] => {
  const all: Stdio[] = [...stdio];
  for (const descriptor of (inherited ??= findInherited())) {
    while (all.length < descriptor) all.push('ignore');
    all[descriptor] ??= devNull ??= openSync('/dev/null', 'r+');
  }
  return all;
};

let inherited: readonly number[] | undefined;
let devNull: number | undefined;

/** Sorted. Once: later on nothing can be inherited any more. */
const findInherited = (): number[] => {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((descriptor) => descriptor > 2 && !closesOnExec(descriptor))
    .toSorted((a, b) => a - b);
};

const O_CLOEXEC = 0o2000000;

const closesOnExec = (descriptor: number): boolean => {
  try {
    const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1] ?? '0';
    return (Number.parseInt(flags, 8) & O_CLOEXEC) !== 0;
  } catch {
    return true; // it was the one with which the list was read
  }
};
