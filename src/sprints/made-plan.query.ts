import { Inject } from '@nestjs/common';
import { Query, QueryBus, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { sprintStream, type SprintId } from '#contracts';
import type { EventStore } from '#event-store';
import { EVENT_STORE } from '../log/log.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { FindSprintQuery } from './find-sprint.query.js';
import type { Known } from './views.js';

export interface MadePlan {
  readonly state: Known;
  /** Where `state` is visible: at the proposal, however late one asks, so that all are answered alike. */
  readonly cursor: string;
}

/** A plan as it was proposed, or could not be; waits for it as long as it is told, then says that the scan goes on. */
export class MadePlanQuery extends Query<MadePlan> {
  constructor(
    readonly sprintId: SprintId,
    readonly waitMs: number,
  ) {
    super();
  }
}

const MADE: readonly string[] = ['sprint.plan-proposed', 'sprint.analysis-failed'];

@QueryHandler(MadePlanQuery)
export class MadePlanHandler implements IQueryHandler<MadePlanQuery> {
  constructor(
    private readonly live: LiveWorld,
    private readonly queries: QueryBus,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  async execute({ sprintId, waitMs }: MadePlanQuery): Promise<MadePlan> {
    const isMade = () => this.live.world.sprints.get(sprintId)?.status !== 'analysing';
    if (waitMs > 0) await this.live.until(isMade, AbortSignal.timeout(waitMs)).catch(() => undefined);
    const events = await this.store.read(sprintStream(sprintId));
    const made = events.find(({ type }) => MADE.includes(type)) ?? events.at(-1);
    const cursor = made === undefined ? undefined : this.store.cursorOf(made.position);
    const { state, view } = await this.queries.execute(new FindSprintQuery(sprintId, cursor));
    return { state, cursor: cursor ?? view.cursor };
  }
}
