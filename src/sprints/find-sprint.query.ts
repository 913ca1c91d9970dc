import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { HyperRunError, sprintStream, taskStream, type Position, type SprintId, type TaskId } from '#contracts';
import { sprint, task, type SprintState, type TaskState } from '#domain';
import type { EventStore } from '#event-store';
import { EVENT_STORE } from '../log/log.port.js';
import { foldUntil } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { momentOf } from '../world/moment.port.js';
import { sprintView, type Known, type SprintView } from './views.js';

export interface FoundSprint {
  readonly state: Known;
  readonly view: SprintView;
}

/** A plan or sprint as it is, or as it was at a moment. */
export class FindSprintQuery extends Query<FoundSprint> {
  constructor(
    readonly sprintId: SprintId,
    readonly at?: string,
  ) {
    super();
  }
}

@QueryHandler(FindSprintQuery)
export class FindSprintHandler implements IQueryHandler<FindSprintQuery> {
  constructor(
    private readonly live: LiveWorld,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  async execute({ sprintId, at }: FindSprintQuery): Promise<FoundSprint> {
    const moment = at === undefined ? undefined : await momentOf(this.store, at);
    const position = moment ?? (this.live.world.position as Position);
    const now = this.live.world.sprints.get(sprintId);
    const state = moment === undefined ? now : await this.foldSprint(sprintId, moment);
    if (state === undefined || state.status === 'absent')
      throw new HyperRunError(
        'sprint.unknown',
        `There is no plan and no sprint "${sprintId}"${at === undefined ? '' : ` at ${at}`}.`,
      );
    const tasks = await Promise.all(idsOf(state).map(async (id) => [id, await this.task(id, moment)] as const));
    return { state, view: sprintView(state, tasks, this.store.cursorOf(position)) };
  }

  private async foldSprint(sprintId: SprintId, moment: Position): Promise<SprintState> {
    return foldUntil(sprint, await this.store.read(sprintStream(sprintId)), moment);
  }

  private async task(id: TaskId, moment?: Position): Promise<TaskState> {
    const now = moment === undefined ? this.live.world.tasks.get(id) : undefined;
    return now ?? foldUntil(task, await this.store.read(taskStream(id)), moment);
  }
}

const idsOf = (state: Known): readonly TaskId[] => ('taskIds' in state ? [...state.taskIds, ...state.declined] : []);
