import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { RepositoryId } from '#contracts';
import type { SprintState } from '#domain';
import { LiveWorld } from '../world/live-world.port.js';
import { wasApproved } from './approve-plan.command.js';
import type { Known } from './views.js';

export interface SprintFilter {
  /** Only what was approved, or only what was not decided on or declined. */
  readonly only?: 'plans' | 'sprints';
  readonly repositoryId?: RepositoryId;
}

/** Plans and sprints, newest first. */
export class ListSprintsQuery extends Query<readonly Known[]> {
  constructor(readonly filter: SprintFilter) {
    super();
  }
}

@QueryHandler(ListSprintsQuery)
export class ListSprintsHandler implements IQueryHandler<ListSprintsQuery> {
  constructor(private readonly live: LiveWorld) {}

  async execute({ filter }: ListSprintsQuery): Promise<readonly Known[]> {
    return [...this.live.world.sprints.values()]
      .filter(isKnown)
      .filter((state) => filter.only !== 'sprints' || wasApproved(state))
      .filter((state) => filter.repositoryId === undefined || state.request.repositoryId === filter.repositoryId)
      .toSorted((a, b) => b.requestedAt - a.requestedAt);
  }
}

const isKnown = (state: SprintState): state is Known => state.status !== 'absent';
