import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { ToolPorts } from '#agents';
import { isHyperRunError, type Sha256 } from '#contracts';
import { event } from '#domain';
import type { LiveChange, LiveChanges } from '#workspace';
import type { Attempt } from './attempt.js';

const LOOK_EVERY_MS = 1000;
/** Of its time, it spends no more than one part in so many on looking. */
const REST = 10;
/** After so many files and bytes it looks half as often, and so on: whoever writes without an end fills neither log nor disk. */
const SLOWER_AFTER_FILES = 200;
const SLOWER_AFTER_BYTES = 4 << 20;

type Tree = ToolPorts['tree'];

/**
 * Tells the log what programs write by themselves, while they are at work and once more when they have ended: seen afterwards, a file
 * at a time as it is then, and not each of their writes. What tools write is told by them.
 */
export class WorkspaceWatch {
  readonly #logger = new Logger(WorkspaceWatch.name);
  #turn: Promise<unknown> = Promise.resolve();
  #watching: Promise<void> | undefined;
  #files = 0;
  #bytes = 0;

  constructor(
    private readonly live: LiveChanges,
    private readonly attempt: Attempt,
    private readonly keep: (content: Buffer) => Promise<Sha256>,
  ) {}

  /** The same tree; what is written through it is not told again. */
  noting(tree: Tree): Tree {
    return {
      read: (path) => tree.read(path),
      list: (prefix) => tree.list(prefix),
      write: (path, content) =>
        this.#oneAtATime(async () => {
          await tree.write(path, content);
          this.live.note(path, Buffer.from(content));
        }),
      delete: (path) =>
        this.#oneAtATime(async () => {
          await tree.delete(path);
          this.live.note(path, undefined);
        }),
      ...(tree.check && { check: tree.check.bind(tree) }),
    };
  }

  /** From the first program on, until `over`. */
  begin(over: AbortSignal): void {
    this.#watching ??= this.#watch(over);
  }

  /** When all programs have ended, with what they left. */
  async end(collected: readonly LiveChange[]): Promise<void> {
    await this.ended();
    await this.#oneAtATime(() => this.#tell(this.live.rest(collected)));
  }

  /** No look is on its way any more. */
  async ended(): Promise<void> {
    await this.#watching;
  }

  async #watch(over: AbortSignal): Promise<void> {
    let rest = LOOK_EVERY_MS;
    while (await passed(rest, over)) {
      const began = performance.now();
      try {
        await this.#oneAtATime(async () => this.#tell(await this.live.look()));
      } catch (error) {
        // The attempt is over, or its space broke down: whoever collects says so.
        if (!over.aborted && !isHyperRunError(error))
          this.#logger.warn(`A workspace is watched no more: ${String(error)}`);
        return;
      }
      const slower = 1 + this.#files / SLOWER_AFTER_FILES + this.#bytes / SLOWER_AFTER_BYTES;
      rest = Math.max(LOOK_EVERY_MS * slower, (performance.now() - began) * REST);
    }
  }

  async #tell(changes: readonly LiveChange[]): Promise<void> {
    const seen = { attempt: this.attempt.claimed.attempt, origin: 'observed', by: 'program' } as const;
    for (const { path, content } of changes) {
      this.#files += 1;
      this.#bytes += content?.length ?? 0;
      if (content === undefined) this.attempt.say(event('action.file-deleted', { ...seen, path }));
      else {
        const written = { path, bytes: content.length, content: await this.keep(content) };
        this.attempt.say(event('action.file-written', { ...seen, ...written }));
      }
    }
  }

  #oneAtATime<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/** False: it was over before. */
const passed = (ms: number, over: AbortSignal): Promise<boolean> =>
  delay(ms, true, { signal: over, ref: false }).catch(() => false);
