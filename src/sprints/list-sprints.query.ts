import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { RepositoryId } from '#contracts';
import type { SprintState } from '#domain';
import { WorldHistory, type WorldThen } from '../world/world-history.port.js';
import { wasApproved } from './approve-plan.command.js';
import type { Known } from './views.js';

export interface SprintFilter {
  /** Only what was approved, or only what was not decided on or declined. */
  readonly only?: 'plans' | 'sprints';
  readonly repositoryId?: RepositoryId;
}

export interface ListedSprints extends WorldThen {
  readonly states: readonly Known[];
}

/** Plans and sprints as they are, or as they were at a moment, newest first. */
export class ListSprintsQuery extends Query<ListedSprints> {
  constructor(
    readonly filter: SprintFilter,
    readonly at?: string,
  ) {
    super();
  }
}

@QueryHandler(ListSprintsQuery)
export class ListSprintsHandler implements IQueryHandler<ListSprintsQuery> {
  constructor(private readonly history: WorldHistory) {}

  async execute({ filter, at }: ListSprintsQuery): Promise<ListedSprints> {
    const then = await this.history.at(at);
    const states = [...then.world.sprints.values()]
      .filter(isKnown)
      .filter((state) => filter.only !== 'sprints' || wasApproved(state))
      .filter((state) => filter.repositoryId === undefined || state.request.repositoryId === filter.repositoryId)
      .toSorted((a, b) => b.requestedAt - a.requestedAt);
    return { ...then, states };
  }
}

const isKnown = (state: SprintState): state is Known => state.status !== 'absent';
