import { createHash } from 'node:crypto';
import type { RemoteDesk, RemoteWork } from '#agents';
import { HyperRunError, type TaskId } from '#contracts';

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

interface Given {
  readonly body: string;
  readonly answer: Promise<object>;
}

/** Where one remote agent is served during one attempt. Every message is carried out once, however often it is sent. */
export class Desk implements RemoteDesk {
  readonly #given = new Map<string, Given>();
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
   * @throws HyperRunError command.id-reused; what the work throws
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
    const late = { status: 'waiting' };
    const first = await within(waitMs, given.answer, late);
    return first === late ? { ...late, for: this.needs.waitsFor() } : { status: 'done', ...first };
  }

  get #open(): RemoteWork | undefined {
    return this.#work?.isOver === false ? this.#work : undefined;
  }

  #begin(commandId: string, body: string, ask: (work: RemoteWork) => Promise<object>): Given | undefined {
    const work = this.#open;
    if (work === undefined) return undefined;
    const given = { body, answer: ask(work) };
    given.answer.catch(() => undefined);
    this.#given.set(commandId, given);
    const [oldest] = this.#given.keys();
    if (this.#given.size > KEPT_ANSWERS && oldest !== undefined) this.#given.delete(oldest);
    return given;
  }
}

/** What comes first: the answer, or the end of so many milliseconds, with `late`. */
export const within = async <T>(ms: number, answer: Promise<T>, late: T): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<T>((resolve) => (timer = setTimeout(() => resolve(late), ms)));
  return Promise.race([answer, end]).finally(() => clearTimeout(timer));
};
