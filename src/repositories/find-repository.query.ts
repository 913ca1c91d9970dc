import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { HyperRunError, type RepositoryId } from '#contracts';
import type { RepositoryState } from '#domain';
import { LiveWorld } from '../world/live-world.port.js';

export interface FoundRepository {
  readonly repositoryId: RepositoryId;
  readonly path: string;
  readonly name: string;
}

/** A repository by its id or path; without either, the only one there is. */
export class FindRepositoryQuery extends Query<FoundRepository> {
  constructor(readonly repository?: string) {
    super();
  }
}

export const registered = (state: RepositoryState) => (state.status === 'registered' ? [state] : []);

@QueryHandler(FindRepositoryQuery)
export class FindRepositoryHandler implements IQueryHandler<FindRepositoryQuery> {
  constructor(private readonly live: LiveWorld) {}

  async execute({ repository: wanted }: FindRepositoryQuery): Promise<FoundRepository> {
    const all = [...this.live.world.repositories.values()].flatMap(registered);
    const matching =
      wanted === undefined ? all : all.filter((one) => one.repositoryId === wanted || one.path === wanted);
    const [first] = matching;
    if (matching.length === 1 && first !== undefined) return first;
    if (wanted !== undefined)
      throw new HyperRunError(
        'repository.unknown',
        `repository: "${wanted}" is not known. Add it with POST /repositories.`,
        {
          known: all.map((one) => one.repositoryId),
        },
      );
    throw new HyperRunError(
      'repository.ambiguous',
      all.length === 0
        ? 'No repository is known yet. Add one with POST /repositories, or name one in `repository`.'
        : `There are ${all.length} repositories. Name one in \`repository\`.`,
      { known: all.map((one) => one.repositoryId) },
    );
  }
}
