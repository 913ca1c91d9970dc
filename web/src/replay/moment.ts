// A sprint at any moment of its life: the fold of its events up to there, by the rules that the service itself uses.
import type { AgentId, TaskId } from '#contracts';
import {
  emptyBoard,
  evolveBoard,
  sprint,
  task,
  type AgentCard,
  type Board,
  type SprintState,
  type TaskState,
} from '#domain';
import type { SeenEvent } from '../live/told.js';
import { LaneFold } from '../sprints/task-lanes.js';

export interface Moment {
  readonly sprint: SprintState;
  readonly tasks: ReadonlyMap<TaskId, TaskState>;
  readonly board: Board;
}

export const BEGINNING: Moment = { sprint: sprint.initial, tasks: new Map(), board: emptyBoard };

export const evolveMoment = (moment: Moment, event: SeenEvent): Moment => ({
  sprint: event.stream.startsWith('sprint-') ? sprint.evolve(moment.sprint, event) : moment.sprint,
  tasks: evolveTasks(moment.tasks, event),
  board: evolveBoard(withAgent(moment.board, event), event),
});

const evolveTasks = (tasks: Moment['tasks'], event: SeenEvent): Moment['tasks'] => {
  if (!event.stream.startsWith('task-') || event.taskId === undefined) return tasks;
  const before = tasks.get(event.taskId) ?? task.initial;
  const after = task.evolve(before, event);
  return after === before ? tasks : new Map(tasks).set(event.taskId, after);
};

/** The history of a sprint does not tell when its agents came on board: each appears with its first task. */
const withAgent = (board: Board, event: SeenEvent): Board => {
  if (event.type !== 'task.claimed' || board.agents.has(event.data.agentId)) return board;
  return { ...board, agents: new Map(board.agents).set(event.data.agentId, newcomer(event.data.agentId, event.time)) };
};

const newcomer = (id: AgentId, time: number): AgentCard => {
  const kind = id.replace(/-\d+$/, '');
  return { id, kind, name: kind, role: '', status: 'idle', lastSeen: time, version: 0 };
};

/** Every so many events the fold is kept, so that any moment is a few steps away. States share what did not change. */
const KEPT_EVERY = 256;

/** All events of a sprint in order, each once, and the sprint after any number of them. */
export class SprintTimeline {
  readonly events: SeenEvent[] = [];
  readonly lanes = new LaneFold();
  readonly #kept: Moment[] = [BEGINNING];
  #latest: Moment = BEGINNING;

  /** Takes what comes after the newest event; what is known already is passed over. */
  add(events: readonly SeenEvent[]): void {
    for (const event of events) {
      if (event.position <= (this.events.at(-1)?.position ?? 0)) continue;
      this.events.push(event);
      this.lanes.add(event);
      this.#latest = evolveMoment(this.#latest, event);
      if (this.events.length % KEPT_EVERY === 0) this.#kept.push(this.#latest);
    }
  }

  get latest(): Moment {
    return this.#latest;
  }

  /** The sprint after its first `count` events. */
  after(count: number): Moment {
    if (count >= this.events.length) return this.#latest;
    const kept = Math.floor(Math.max(0, count) / KEPT_EVERY);
    let moment = this.#kept[kept] ?? BEGINNING;
    for (let index = kept * KEPT_EVERY; index < count; index++) {
      const event = this.events[index];
      if (event !== undefined) moment = evolveMoment(moment, event);
    }
    return moment;
  }

  /** How many events there are up to a position of the log, itself included. */
  countUpTo(position: number): number {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.events[middle]?.position ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
