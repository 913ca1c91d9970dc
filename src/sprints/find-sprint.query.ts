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

type Tasks = readonly (readonly [TaskId, TaskState])[];

/** How the tasks of a sprint ended. */
interface Ended {
  readonly of: Known;
  readonly versions: string;
  readonly tasks: Tasks;
}
const MOST_ENDED = 256;

@QueryHandler(FindSprintQuery)
export class FindSprintHandler implements IQueryHandler<FindSprintQuery> {
  /** The present lets go of them, lists ask for them again and again, and each is folded from its whole stream or an archive. */
  readonly #ended = new Map<SprintId, Ended>();

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
    const isOver = moment === undefined && state.status === 'completed';
    const tasks = isOver ? await this.ended(state) : await this.tasks(state, moment);
    return { state, view: sprintView(state, tasks, this.store.cursorOf(position)) };
  }

  private async foldSprint(sprintId: SprintId, moment: Position): Promise<SprintState> {
    return foldUntil(sprint, await this.store.read(sprintStream(sprintId)), moment);
  }

  /** Read again when the sprint, or anything in the streams of its tasks, is another: what is redacted is not kept here. */
  private async ended(state: Known): Promise<Tasks> {
    const heads = await Promise.all(idsOf(state).map((id) => this.store.head(taskStream(id))));
    const versions = heads.map(({ version }) => version).join();
    const known = this.#ended.get(state.sprintId);
    if (known?.of === state && known.versions === versions) return known.tasks;
    const tasks = await this.tasks(state);
    this.#ended.delete(state.sprintId);
    this.#ended.set(state.sprintId, { of: state, versions, tasks });
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > MOST_ENDED && oldest !== undefined) this.#ended.delete(oldest);
    return tasks;
  }

  private tasks(state: Known, moment?: Position): Promise<Tasks> {
    return Promise.all(idsOf(state).map(async (id) => [id, await this.task(id, moment)] as const));
  }

  private async task(id: TaskId, moment?: Position): Promise<TaskState> {
    const now = moment === undefined ? this.live.world.tasks.get(id) : undefined;
    return now ?? foldUntil(task, await this.store.read(taskStream(id)), moment);
  }
}

const idsOf = (state: Known): readonly TaskId[] => ('taskIds' in state ? [...state.taskIds, ...state.declined] : []);
