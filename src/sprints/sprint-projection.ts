import type { Position, SprintId, TaskId } from '#contracts';
import { sprintStream, taskStream } from '#contracts';
import { fold, task, type TakenOut, type TaskState, type World } from '#domain';
import type { FeedEntry } from '#event-store';
import type { Entity, Projection } from '../stream/projection-hub.port.js';
import { alertView } from '../swarm/views.port.js';
import { pausesOf, planView, sprintBudgets, sprintSummary, taskView, type Known } from './views.js';

/** The state of a task, and the position of the newest event that changed it. */
export interface TaskNow {
  readonly state: TaskState;
  readonly revision: number;
}

export type TasksNow = ReadonlyMap<TaskId, TaskNow>;

/** A plan or sprint, what it may spend and has spent, its tasks and its alerts. Tasks are folded here: the world forgets them when the sprint is over. */
export class SprintProjection implements Projection {
  readonly #tasks: Map<TaskId, TaskNow>;

  /** @param settled the tasks of a sprint that was over before */
  constructor(
    private readonly world: World,
    private readonly sprintId: SprintId,
    settled: TasksNow,
  ) {
    this.#tasks = new Map(settled);
    for (const id of this.#ids()) {
      const state = world.tasks.get(id);
      if (state !== undefined) this.#tasks.set(id, { state, revision: world.revisions.get(taskStream(id)) ?? 0 });
    }
  }

  fold(batch: readonly FeedEntry[]): void {
    for (const { stream, position, event } of batch) {
      if (event.sprintId !== this.sprintId || event.taskId === undefined || stream !== taskStream(event.taskId))
        continue;
      const before = this.#tasks.get(event.taskId)?.state ?? task.initial;
      const state = task.evolve(before, event);
      if (state !== before) this.#tasks.set(event.taskId, { state, revision: position });
    }
  }

  forgetTexts({ stream, events }: TakenOut, position: Position): void {
    for (const id of this.#tasks.keys()) {
      if (stream !== taskStream(id)) continue;
      const state = fold(
        task,
        events.filter((event) => event.position <= this.world.position),
      );
      this.#tasks.set(id, { state, revision: position });
    }
  }

  entities(): Entity[] {
    const state = this.world.sprints.get(this.sprintId);
    if (state === undefined || state.status === 'absent') return [];
    const revision = this.world.revisions.get(sprintStream(this.sprintId)) ?? 0;
    const alerts = [...this.world.alerts.values()].filter((alert) => alert.sprintId === this.sprintId);
    return [
      { kind: 'plan', id: this.sprintId, revision, view: () => planView(state) },
      { kind: 'sprint', id: this.sprintId, revision, view: () => sprintSummary(state) },
      ...this.#budgets(state, revision),
      ...[...this.#tasks].map(([id, now]) => ({
        kind: 'task',
        id,
        revision: now.revision,
        view: () => taskView(id, now.state, pausesOf(state)),
      })),
      ...alerts.map((alert) => ({
        kind: 'alert',
        id: alert.alertId,
        revision: alert.version,
        view: () => alertView(alert),
      })),
    ];
  }

  /** They change with the sprint and with each of its tasks. */
  #budgets(state: Known, own: number): Entity[] {
    const tasks = [...this.#tasks.values()];
    const budgets = sprintBudgets(
      state,
      tasks.map((now) => now.state),
    );
    if (budgets === undefined) return [];
    const revision = Math.max(own, ...tasks.map((now) => now.revision));
    return [{ kind: 'budgets', id: this.sprintId, revision, view: () => ({ sprintId: this.sprintId, budgets }) }];
  }

  #ids(): readonly TaskId[] {
    const state = this.world.sprints.get(this.sprintId);
    return state !== undefined && 'taskIds' in state ? [...state.taskIds, ...state.declined] : [];
  }
}
