import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { HyperRunError, sprintStream, taskStream, type Position, type TaskId } from '#contracts';
import { sprint, task, type Pause, type TaskState } from '#domain';
import type { EventStore } from '#event-store';
import { EVENT_STORE } from '../log/log.port.js';
import { foldUntil } from '../world/decisions.port.js';
import { momentOf } from '../world/moment.port.js';
import { pausesOf, taskView, type TaskView } from './views.js';

export interface FoundTask {
  readonly state: Exclude<TaskState, { status: 'absent' }>;
  readonly view: TaskView;
}

/** A task as it is, or as it was at a moment. */
export class FindTaskQuery extends Query<FoundTask> {
  constructor(
    readonly taskId: TaskId,
    readonly at?: string,
  ) {
    super();
  }
}

@QueryHandler(FindTaskQuery)
export class FindTaskHandler implements IQueryHandler<FindTaskQuery> {
  constructor(@Inject(EVENT_STORE) private readonly store: EventStore) {}

  async execute({ taskId, at }: FindTaskQuery): Promise<FoundTask> {
    const moment = at === undefined ? undefined : await momentOf(this.store, at);
    const state = foldUntil(task, await this.store.read(taskStream(taskId)), moment);
    if (state.status === 'absent')
      throw new HyperRunError('task.unknown', `There is no task "${taskId}"${at === undefined ? '' : ` at ${at}`}.`);
    return { state, view: taskView(taskId, state, await this.pauses(state, moment)) };
  }

  private async pauses(state: TaskState, moment?: Position): Promise<readonly Pause[]> {
    if (!('spec' in state)) return [];
    return pausesOf(foldUntil(sprint, await this.store.read(sprintStream(state.spec.sprintId)), moment));
  }
}
