import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { Oid } from '#contracts';
import { GitRepository } from '#git';

export interface ComparedWithHead {
  readonly commit: Oid;
  /** HEAD is another commit than the one that was looked at. */
  readonly moved: boolean;
  /** Of the paths asked about: those that differ by now. */
  readonly changed: readonly string[];
}

/** How far a repository has gone on since a commit; undefined when it is not there any more. */
export class CompareWithHeadQuery extends Query<ComparedWithHead | undefined> {
  constructor(
    readonly path: string,
    readonly base: Oid,
    readonly paths: readonly string[],
  ) {
    super();
  }
}

@QueryHandler(CompareWithHeadQuery)
export class CompareWithHeadHandler implements IQueryHandler<CompareWithHeadQuery> {
  async execute({ path, base, paths }: CompareWithHeadQuery): Promise<ComparedWithHead | undefined> {
    const repository = await GitRepository.open(path).catch(() => undefined);
    if (repository === undefined) return undefined;
    try {
      const commit = await repository.head();
      const moved = new Set(commit === base ? [] : await repository.differingPaths(base, commit));
      return { commit, moved: commit !== base, changed: paths.filter((one) => moved.has(one)) };
    } finally {
      repository.close();
    }
  }
}
