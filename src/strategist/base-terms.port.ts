// What a repository says about itself at the base commit, as far as a worker must respect it.
import type { Oid } from '#contracts';
import type { GitRepository } from '#git';
import { compilePattern } from '#workspace';
import { readRepositoryConfig } from './repository-config.port.js';

export interface BaseTerms {
  readonly protect: readonly string[];
  readonly unreadable: (path: string) => boolean;
}

/** Read from the commit, so that every worker and every attempt gets the same. */
export const baseTerms = async (repository: GitRepository, commit: Oid): Promise<BaseTerms> => {
  const entry = await repository.objects.entryAt(await repository.treeOf(commit), '.hyper-run.json');
  const text = entry === undefined ? '{}' : (await repository.readBlob(entry.oid)).toString('utf8');
  const { protect = [], unreadable = [] } = readRepositoryConfig(text);
  const hidden = unreadable.map(compilePattern);
  return { protect, unreadable: (path) => hidden.some((matches) => matches(path)) };
};
