import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { HyperRunError, taskStream, type TaskId } from '#contracts';
import { candidateOf, isTaskSettled, task, writtenIn, type TaskState, type WrittenFile } from '#domain';
import type { EventStore } from '#event-store';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { bytesWithoutSecrets } from '../config/secrets.js';
import { EVENT_STORE } from '../log/log.port.js';
import { foldUntil } from '../world/decisions.port.js';
import { momentOf } from '../world/moment.port.js';
import { diffOfWork, type WorkDiff } from './work-diff.js';

export interface TaskDiff {
  /** `work`: of what an attempt has written, not of a candidate that was collected and will be judged. */
  readonly of: 'candidate' | 'work';
  readonly text: Buffer;
  readonly leftOut: number;
  /** Up to the event that it stands for. */
  readonly cursor: string;
}

/** What a task changes: its candidate, or what it has written so far; now, or at a moment. */
export class DiffTaskQuery extends Query<TaskDiff> {
  constructor(
    readonly taskId: TaskId,
    readonly at?: string,
  ) {
    super();
  }
}

type Begun = Extract<TaskState, { spec: unknown }>;

@QueryHandler(DiffTaskQuery)
export class DiffTaskHandler implements IQueryHandler<DiffTaskQuery> {
  /** Each made once for all who ask meanwhile, and none kept: what is redacted in between is not shown again. */
  readonly #asked = new Map<string, Promise<WorkDiff>>();
  /** One at a time, however many moments somebody asks for: each reads a repository and runs git. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly artifacts: ArtifactStore,
  ) {}

  async execute({ taskId, at }: DiffTaskQuery): Promise<TaskDiff> {
    const moment = at === undefined ? undefined : await momentOf(this.store, at);
    const all = await this.store.read(taskStream(taskId));
    const events = moment === undefined ? all : all.filter(({ position }) => position <= moment);
    const state = foldUntil(task, events);
    if (state.status === 'absent')
      throw new HyperRunError('task.unknown', `There is no task "${taskId}"${at === undefined ? '' : ` at ${at}`}.`);
    const cursor = this.store.cursorOf(events.at(-1)?.position ?? (await this.store.top()));
    const candidate = candidateOf(state);
    if (candidate !== undefined)
      return { of: 'candidate', text: await this.artifacts.get(candidate.patch), leftOut: 0, cursor };
    if (!('spec' in state) || state.attempts === 0) throw noCandidate();
    const files = writtenIn(events, state.attempts);
    if (files.length === 0 && isTaskSettled(state)) throw noCandidate();
    const { text, leftOut } = await this.#work(state, files);
    return { of: 'work', text: Buffer.concat([preamble(state, cursor, leftOut), text]), leftOut, cursor };
  }

  #work(state: Begun, files: readonly WrittenFile[]): Promise<WorkDiff> {
    const what = JSON.stringify([state.taskId, files]);
    const asked = this.#asked.get(what);
    if (asked !== undefined) return asked;
    const diff = this.#before.then(() => this.#make(state, files)).finally(() => this.#asked.delete(what));
    this.#before = diff.catch(() => undefined);
    this.#asked.set(what, diff);
    return diff;
  }

  async #make({ spec: { repositoryPath, baseCommit } }: Begun, files: readonly WrittenFile[]): Promise<WorkDiff> {
    const contentOf = this.artifacts.get.bind(this.artifacts);
    const { text, leftOut } = await diffOfWork({ repositoryPath, baseCommit, files, contentOf });
    return { text: bytesWithoutSecrets(text), leftOut };
  }
}

const noCandidate = () => new HyperRunError('task.no-candidate', 'This task has produced no candidate yet.');

/** Whatever reads a patch passes over text before its first file. */
const preamble = (state: Begun, cursor: string, leftOut: number): Buffer => {
  const what = isTaskSettled(state)
    ? `What attempt ${state.attempts} had written when it ended. It never became a candidate.`
    : `What attempt ${state.attempts} has written up to ${cursor}. It is no candidate yet, and may still change.`;
  const missing =
    leftOut === 0 ? '' : `Files that are not shown: ${leftOut} (too large, no longer kept, or not to be read).\n`;
  return Buffer.from(`${what}\n${missing}\n`);
};
