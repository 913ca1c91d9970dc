import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { GitRepository } from '#git';
import { cacheDirectory } from '#system-tools';

/**
 * Where the set-ups of a repository are kept: one folder for all its work trees, and never that of another repository,
 * whose commands may have run scripts of its own under the same manifests.
 */
export const setupCacheOf = ({ location }: Pick<GitRepository, 'location'>): string => {
  const repository = createHash('sha256').update(location.commonDir).digest('hex').slice(0, 16);
  return join(cacheDirectory(), 'setup', repository);
};
