import { randomUUID } from 'node:crypto';
import { isHyperRunError, type AnyEvent, type Epoch, type Position, type StreamName, type Subjects } from '#contracts';
import { commandHash, type EventStore } from '#event-store';

const LARGEST_BATCH = 100;

/**
 * The facts of one attempt, in order, under the epoch of its claim: at most one append is in flight, what is said
 * meanwhile goes together into the next. When the epoch is over, nothing more is written and `onFenced` is called once.
 */
export class Outbox {
  #seq = 0;
  #waiting: AnyEvent[] = [];
  #sending?: Promise<void>;
  #failure?: unknown;
  #position = 0 as Position;

  constructor(
    private readonly store: EventStore,
    private readonly to: {
      readonly stream: StreamName;
      readonly epoch: Epoch;
      readonly actor: string;
      readonly subjects: Subjects;
      /** Id of the event that began the attempt, and so led to all of this. */
      readonly causationId?: string;
    },
    private readonly onFenced: (reason: Error) => void,
  ) {}

  /** Takes the event; it is written soon. */
  say(event: AnyEvent): void {
    this.#waiting.push(event);
    this.#sending ??= this.#send();
    this.#sending.catch(() => undefined);
  }

  /** Resolves when everything said so far is in the log. @throws what kept it from being written */
  async flush(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Says it and waits until it is in the log; whoever has seen the position has seen all of it. */
  async record(...events: readonly AnyEvent[]): Promise<Position> {
    for (const event of events) this.say(event);
    await this.flush();
    return this.#position;
  }

  async #send(): Promise<void> {
    // A turn of the loop later, so that what is said together is written together.
    await Promise.resolve();
    try {
      while (this.#waiting.length > 0 && this.#failure === undefined) {
        const events = this.#waiting.splice(0, LARGEST_BATCH);
        await this.#append(events);
      }
    } finally {
      this.#sending = undefined;
    }
  }

  async #append(events: readonly AnyEvent[]): Promise<void> {
    const { stream, epoch, actor, subjects, causationId } = this.to;
    this.#seq += 1;
    try {
      const { position } = await this.store.append({
        commandId: randomUUID(),
        commandHash: commandHash(events),
        actor,
        ...(causationId === undefined ? {} : { causationId }),
        writes: [{ stream, guard: { kind: 'epoch', epoch, seq: this.#seq }, subjects, events }],
      });
      this.#position = position;
    } catch (error) {
      this.#failure = error;
      this.#waiting = [];
      if (isHyperRunError(error, 'log.epoch-over')) this.onFenced(error);
      throw error;
    }
  }
}
