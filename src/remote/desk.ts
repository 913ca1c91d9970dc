import { createHash } from 'node:crypto';
import type { RemoteDesk, RemoteWork } from '#agents';
import { HyperRunError, type TaskId } from '#contracts';
import { Waits } from './waits.js';

/** What an attempt tells its remote agent besides what every agent is told. */
export interface Terms {
  readonly taskId: TaskId;
  readonly attempt: number;
  readonly scope: readonly string[];
  readonly budgets: object;
}

export interface Asked {
  readonly commandId: string;
  /** What the id stands for. */
  readonly body: unknown;
  /** How long to wait for the answer before saying that it is still being worked on. */
  readonly waitMs: number;
}

/** Why there is no answer yet: the sprint is paused, a person is asked, or it takes its time. */
export type WaitsFor = 'pause' | 'person' | 'work';

/** Answers that are kept for those who did not hear them, the newest of an attempt. */
const KEPT_ANSWERS = 50;
/** Messages that have no answer yet; whoever says more is not waiting for answers. */
const MOST_UNANSWERED = 20;

interface Given {
  readonly body: string;
  readonly answer: Promise<object>;
  readonly waits: Waits;
}

/** Where one remote agent is served during one attempt. Every message is carried out once, however often it is sent. */
export class Desk implements RemoteDesk {
  /** Those that are answered stand in the order of their answers. */
  readonly #given = new Map<string, Given>();
  readonly #unanswered = new Set<string>();
  #work: RemoteWork | undefined;

  constructor(
    readonly terms: Terms,
    private readonly needs: {
      readonly waitsFor: () => WaitsFor;
      readonly onOpen: () => void;
      /** Aborts when the attempt is over. */
      readonly signal: AbortSignal;
    },
  ) {}

  open(work: RemoteWork): void {
    this.#work = work;
    this.needs.onOpen();
  }

  /** The attempt wants nothing more of its agent. What was answered can still be heard. */
  close(): void {
    this.#work = undefined;
  }

  /** Somebody ended the attempt, or its worker ends. */
  get isBrokenOff(): boolean {
    return this.needs.signal.aborted;
  }

  isFor({ taskId, attempt }: Pick<Terms, 'taskId' | 'attempt'>): boolean {
    return this.terms.taskId === taskId && this.terms.attempt === attempt;
  }

  has(commandId: string): boolean {
    return this.#given.has(commandId);
  }

  /** The task as it is told; undefined: nothing can be done for it now. */
  brief(): object | undefined {
    const work = this.#open;
    const { scope, budgets } = this.terms;
    return work && { ...work.brief, scope, budgets };
  }

  /**
   * The answer to a message; undefined: the work is over, and this was not asked before.
   * @throws HyperRunError command.id-reused, agent.busy: then nothing is done, and the same can be said again; what the work throws
   */
  async answer(
    { commandId, body, waitMs }: Asked,
    ask: (work: RemoteWork) => Promise<object>,
  ): Promise<object | undefined> {
    const hash = createHash('sha256').update(JSON.stringify(body)).digest('base64');
    const given = this.#given.get(commandId) ?? this.#begin(commandId, hash, ask);
    if (given === undefined) return undefined;
    if (given.body !== hash)
      throw new HyperRunError('command.id-reused', 'This commandId was used before with another body. Take a new one.', {}, 'caller'); // prettier-ignore
    if (this.#unanswered.has(commandId)) await given.waits.wait(waitMs);
    if (this.#unanswered.has(commandId)) return { status: 'waiting', for: this.needs.waitsFor() };
    return { status: 'done', ...(await given.answer) };
  }

  get #open(): RemoteWork | undefined {
    return this.#work?.isOver === false ? this.#work : undefined;
  }

  #begin(commandId: string, body: string, ask: (work: RemoteWork) => Promise<object>): Given | undefined {
    const work = this.#open;
    if (work === undefined) return undefined;
    if (this.#unanswered.size >= MOST_UNANSWERED)
      throw new HyperRunError(
        'agent.busy',
        `${MOST_UNANSWERED} messages have no answer yet; wait for those.`,
        {},
        'retry',
      );
    const given = { body, answer: ask(work), waits: new Waits() };
    this.#given.set(commandId, given);
    this.#unanswered.add(commandId);
    const keep = () => this.#keep(commandId, given);
    given.answer.then(keep, keep);
    return given;
  }

  /** As the newest answer. What has none yet is kept for as long as it takes. */
  #keep(commandId: string, given: Given): void {
    this.#unanswered.delete(commandId);
    this.#given.delete(commandId);
    this.#given.set(commandId, given);
    given.waits.wake();
    const answered = [...this.#given.keys()].filter((id) => !this.#unanswered.has(id));
    for (const id of answered.slice(0, -KEPT_ANSWERS)) this.#given.delete(id);
  }
}
