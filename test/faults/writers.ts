import { isHyperRunError, type Position, type StreamName } from '#contracts';
import type { EventStore, StreamWrite } from '#event-store';
import { append, epoch, exact, write } from '../../libs/event-store/test/appends.js';
import type { Followed, Issued } from './history.js';

/** Moments in the order in which they come, for all writers of a run. */
export interface Moments {
  next(): number;
}

export const newMoments = (): Moments => {
  let now = 0;
  return { next: () => ++now };
};

/** Streams that all writers write to. */
const SHARED = ['task-shared-0', 'task-shared-1', 'task-shared-2'] as const satisfies readonly string[];

/**
 * Appends until it is told to end, one after the other, in every way in which the service does: at an exact version,
 * under an epoch, to several streams, to streams that others write to. What has no outcome is sent again until it has one.
 */
export class Writer {
  readonly issued: Issued[] = [];
  readonly #exact: StreamName;
  readonly #epoch: StreamName;
  #version = 0;
  #epochVersion = 0;
  #lease = { epoch: 0, seq: 0 };
  #made = 0;
  /** How often no answer came within the patience of the store. */
  unknown = 0;

  constructor(
    private readonly name: string,
    private readonly store: EventStore,
    private readonly random: () => number,
    private readonly moments: Moments,
  ) {
    this.#exact = `task-${name}-exact` as StreamName;
    this.#epoch = `task-${name}-epoch` as StreamName;
  }

  async writeUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) await this.writeOnce();
  }

  async writeOnce(): Promise<void> {
    const kind = this.random();
    if (kind < 0.35) await this.#writeAlone();
    else if (kind < 0.7) await this.#writeUnderEpoch();
    else await this.#writeWithOthers();
  }

  async #writeAlone(): Promise<void> {
    const texts = this.#texts();
    if (await this.#insist([write(this.#exact, exact(this.#version), ...texts)])) this.#version += texts.length;
  }

  async #writeUnderEpoch(): Promise<void> {
    const texts = this.#texts();
    if (this.#lease.epoch === 0 || this.random() < 0.1) {
      const claim = { ...write(this.#epoch, exact(this.#epochVersion), ...texts), raiseEpoch: true };
      if (!(await this.#insist([claim]))) return;
      this.#lease = { epoch: this.#lease.epoch + 1, seq: 0 };
    } else {
      const { epoch: number, seq } = this.#lease;
      if (!(await this.#insist([write(this.#epoch, epoch(number, seq + 1), ...texts)]))) return;
      this.#lease = { epoch: number, seq: seq + 1 };
    }
    this.#epochVersion += texts.length;
  }

  /** A decision on a stream of all, perhaps together with one of its own: somebody else may be quicker. */
  async #writeWithOthers(): Promise<void> {
    const stream = SHARED[Math.floor(this.random() * SHARED.length)] as StreamName;
    const { version } = await insisted(() => this.store.head(stream));
    const shared = write(stream, exact(version), ...this.#texts());
    const mine = write(this.#exact, exact(this.#version), ...this.#texts());
    const kind = this.random();
    const writes = kind < 0.4 ? [shared] : kind < 0.7 ? [shared, mine] : [mine, shared];
    if ((await this.#insist(writes)) && writes.length > 1) this.#version += mine.events.length;
  }

  /** Whether it was done. */
  async #insist(writes: readonly StreamWrite[]): Promise<boolean> {
    const one: Issued = {
      append: append(writes, `${this.name}-${++this.#made}`),
      issued: this.moments.next(),
      alone: [this.#exact, this.#epoch],
      answers: [],
    };
    this.issued.push(one);
    await this.#send(one);
    if (one.refused === undefined && this.random() < 0.15) await this.#send(one);
    return one.refused === undefined;
  }

  async #send(one: Issued): Promise<void> {
    try {
      const answer = await insisted(
        () => this.store.append(one.append),
        () => this.unknown++,
      );
      one.acknowledged ??= this.moments.next();
      one.answers.push(answer);
    } catch (error) {
      if (!isHyperRunError(error)) throw error;
      one.refused = { code: error.code, stream: String(error.details['stream']) };
    }
  }

  #texts(): string[] {
    return Array.from(
      { length: 1 + Math.floor(this.random() * 3) },
      (_, index) => `${this.name} ${this.#made} ${index}`,
    );
  }
}

const AGAIN: readonly string[] = ['log.outcome-unknown', 'log.unavailable'];

/** Asks until there is an outcome. */
export const insisted = async <T>(ask: () => Promise<T>, onNoOutcome: () => void = () => undefined): Promise<T> => {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isHyperRunError(error) || !AGAIN.includes(error.code)) throw error;
      onNoOutcome();
    }
  }
};

export interface Follower {
  readonly followed: Followed;
  /** Resolves when it was told everything up to this position. */
  reach(position: Position): Promise<void>;
}

/** Follows the log from its beginning as the service does: after trouble it goes on from where it was. */
export const startFollower = (store: EventStore): Follower => {
  const followed: Followed[number][] = [];
  const end = new AbortController();
  let wanted = Infinity;
  const isDone = () => followed.length >= wanted;
  const follow = async (): Promise<void> => {
    for await (const batch of store.subscribe((followed.at(-1)?.position ?? 0) as Position, end.signal)) {
      for (const { position, stream, version } of batch) followed.push({ position, stream, version });
      if (isDone()) end.abort();
    }
  };
  const done = insisted(follow);
  done.catch(() => undefined);
  return {
    followed,
    reach: async (position) => {
      wanted = position;
      if (isDone()) end.abort();
      await done;
    },
  };
};
