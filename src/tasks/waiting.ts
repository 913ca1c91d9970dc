import type { EventData } from '#contracts';
import { event } from '#domain';
import type { LiveWorld } from '../world/live-world.port.js';
import type { Attempt } from './attempt.js';

export type Block = Omit<EventData<'task.blocked'>, 'attempt'>;

/** Blocks the task of an attempt until somebody has ended the block; one block at a time, however many want one at once. */
export class Waiting {
  #row: Promise<unknown> = Promise.resolve();
  #blocks = 0;

  constructor(
    private readonly attempt: Attempt,
    private readonly live: LiveWorld,
    /** Tells its blocks from those of another one in the same attempt. */
    private readonly series = '',
  ) {}

  /** Does something when all that came before it is over. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#row.then(work);
    this.#row = turn.catch(() => undefined);
    return turn;
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    await this.inTurn(async () => undefined);
  }

  /**
   * Writes the block, with an alert that calls a person, and resolves when it is over and the sprint is not paused. To be
   * called in turn. Rejects with the reason of the attempt's end.
   */
  async block(block: Block): Promise<void> {
    const { taskId, attempt, spec } = this.attempt.claimed;
    const { kind, reason, spent } = block;
    this.#blocks += 1;
    const alertId = `${kind}-${taskId}-${attempt}-${this.series}${this.#blocks}`;
    const text = `${spec.task.title}: ${reason}`.slice(0, 2000);
    const position = await this.attempt.outbox.record(
      ...(spent === undefined ? [] : [event('task.budget-exceeded', { attempt, ...spent })]),
      event('task.blocked', { attempt, ...block }),
      event('alert.raised', { alertId, severity: 'warning', kind: `task-${kind}`, text }),
    );
    try {
      await this.live.reached(position, this.attempt.signal);
      await this.attempt.gate();
    } catch (error) {
      this.attempt.signal.throwIfAborted();
      throw error;
    }
  }
}
