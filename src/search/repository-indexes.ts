import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Oid } from '#contracts';
import { GitRepository } from '#git';
import { RepositoryIndex, type BlobFacts, type FactsCache } from '#hafs';
import { baseTerms } from '../strategist/base-terms.port.js';

interface Indexed {
  readonly commit: Oid;
  readonly repository: GitRepository;
  readonly index: Promise<RepositoryIndex>;
}

const REPOSITORIES = 4;
const FACTS = 200_000;

/** The newest facts of blobs, shared by all repositories and commits: a new commit costs only what it changed. */
class BoundedFacts implements FactsCache {
  readonly #facts = new Map<string, BlobFacts>();

  get(key: string): BlobFacts | undefined {
    return this.#facts.get(key);
  }

  set(key: string, facts: BlobFacts): void {
    this.#facts.set(key, facts);
    const oldest = this.#facts.size > FACTS ? this.#facts.keys().next().value : undefined;
    if (oldest !== undefined) this.#facts.delete(oldest);
  }
}

/** Indexes of the repositories that were asked about last, each at the HEAD it had when it was asked. */
@Injectable()
export class RepositoryIndexes implements OnModuleDestroy {
  readonly #indexed = new Map<string, Indexed>();
  readonly #facts = new BoundedFacts();

  onModuleDestroy(): void {
    for (const { repository } of this.#indexed.values()) repository.close();
    this.#indexed.clear();
  }

  /** @throws HyperRunError as `GitRepository.open` */
  async at(path: string): Promise<{ readonly commit: Oid; readonly index: RepositoryIndex }> {
    const known = this.#indexed.get(path);
    const repository = known?.repository ?? (await GitRepository.open(path));
    const commit = await repository.head();
    const current = this.#indexed.get(path);
    if (current?.commit === commit) return { commit, index: await current.index };
    const index = this.build(repository, commit);
    this.#keep(path, { commit, repository, index });
    try {
      return { commit, index: await index };
    } catch (error) {
      this.#indexed.delete(path);
      throw error;
    }
  }

  /** An index of one commit; facts of blobs that were seen before are reused. The caller keeps it. */
  async build(repository: GitRepository, commit: Oid): Promise<RepositoryIndex> {
    const files = await repository.listFiles(commit);
    const { unreadable } = await baseTerms(repository, commit);
    return RepositoryIndex.build(files, (oid) => repository.readBlob(oid), { cache: this.#facts, unreadable });
  }

  #keep(path: string, indexed: Indexed): void {
    this.#indexed.delete(path);
    this.#indexed.set(path, indexed);
    const [oldest] = this.#indexed.keys();
    if (this.#indexed.size <= REPOSITORIES || oldest === undefined) return;
    this.#indexed.get(oldest)?.repository.close();
    this.#indexed.delete(oldest);
  }
}
