import { posix } from 'node:path';

/** The path within the repository that an agent means by an absolute one; undefined: it lies elsewhere. */
export const pathInRepository = (path: string, root: string): string | undefined => {
  const normal = posix.normalize(path);
  return normal.startsWith(`${root}/`) ? normal.slice(root.length + 1) : undefined;
};

/** The same, for people to read: what lies elsewhere stays as it is. */
export const shownPath = (path: string, root: string): string => (pathInRepository(path, root) ?? path).slice(0, 1024);
