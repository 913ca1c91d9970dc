import { Injectable } from '@nestjs/common';
import type { Oid } from '#contracts';
import type { GitRepository } from '#git';
import type { RepositoryIndex, SearchOptions, SearchResult } from '#hafs';
import { RepositoryIndexes } from './repository-indexes.js';

const COMMITS = 8;

/** Searches a repository at a given commit: what an agent asks about is the base of its task, not today's HEAD. */
@Injectable()
export class RepositorySearch {
  readonly #indexes = new Map<Oid, Promise<RepositoryIndex>>();

  constructor(private readonly indexes: RepositoryIndexes) {}

  async search(
    repository: GitRepository,
    commit: Oid,
    query: string,
    options: SearchOptions,
  ): Promise<readonly SearchResult[]> {
    const known = this.#indexes.get(commit) ?? this.indexes.build(repository, commit);
    this.#indexes.delete(commit);
    this.#indexes.set(commit, known);
    known.catch(() => this.#indexes.delete(commit));
    const [oldest] = this.#indexes.keys();
    if (this.#indexes.size > COMMITS && oldest !== undefined) this.#indexes.delete(oldest);
    return (await known).search(query, options);
  }
}
