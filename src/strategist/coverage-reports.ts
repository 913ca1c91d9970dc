// Coverage reports that lie in the checkout: nobody commits them, and they are only read.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Oid } from '#contracts';
import { REPORT_PATHS, type CoverageReport } from '#findings';
import type { GitRepository } from '#git';

const MAX_BYTES = 32 * 1024 * 1024;
/** `git log` for one file takes tens of milliseconds: of more files the age is not looked up. */
const MAX_LOOKED_UP = 200;

/** Reports in the work tree, with the time at which they were written. Links and anything but a regular file are passed over. */
export const checkoutReports = async (repository: GitRepository): Promise<CoverageReport[]> => {
  const { workTree } = repository.location;
  if (workTree === null) return [];
  const reports: CoverageReport[] = [];
  for (const path of REPORT_PATHS) {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(join(workTree, path), flags).catch(() => undefined);
    if (file === undefined) continue;
    try {
      const stat = await file.stat();
      if (stat.isFile() && stat.size <= MAX_BYTES)
        reports.push({ path, content: await file.readFile(), modified: stat.mtimeMs });
    } finally {
      await file.close();
    }
  }
  return reports;
};

/** When files were last committed, each looked up once. */
export const lastCommitted = (
  repository: GitRepository,
  commit: Oid,
): ((path: string) => Promise<number | undefined>) => {
  const known = new Map<string, Promise<number | undefined>>();
  return async (path) => {
    const before = known.get(path);
    if (before !== undefined || known.size >= MAX_LOOKED_UP) return before;
    const found = repository.lastChanged(commit, path).catch(() => undefined);
    known.set(path, found);
    return found;
  };
};
