import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { HyperRunError, type Position } from '#contracts';
import { holds, type LogMark } from '#event-store';

const NAME = 'log-mark.json';
/** Written at most this often: what was acknowledged since may be lost unnoticed, and nothing waits for the disk. */
const EVERY_MS = 1000;

const Mark = z.object({ incarnation: z.string().min(1), position: z.number().int().min(0) });

/**
 * The high-water mark: how far the log is known to have got, beside Redis, so that a Redis which comes back with an older
 * copy is noticed at the next start. It lags behind by up to a second, and never runs ahead of what was acknowledged.
 */
export class LogMarkFile {
  readonly #path: string;
  #raised?: LogMark;
  #timer?: NodeJS.Timeout;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    directory: string,
    private readonly onTrouble: (error: unknown) => void,
  ) {
    this.#path = join(directory, NAME);
  }

  /** Undefined before the first start. @throws HyperRunError `log.mark-unreadable` */
  async read(): Promise<LogMark | undefined> {
    const text = await readFile(this.#path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw this.#unreadable(error);
    });
    if (text === undefined) return undefined;
    try {
      const { incarnation, position } = Mark.parse(JSON.parse(text));
      return { incarnation, position: position as Position };
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  /** What was acknowledged a second time lies behind what was since: within a life the mark is never lowered. */
  raise(mark: LogMark): void {
    if (this.#raised !== undefined && holds(this.#raised, mark)) return;
    this.#raised = mark;
    this.#timer ??= setTimeout(() => this.#flush(), EVERY_MS).unref();
  }

  /** Resolves when everything that was raised stands on disk. */
  async close(): Promise<void> {
    this.#flush();
    await this.#writing;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const mark = this.#raised;
    this.#raised = undefined;
    if (mark !== undefined) this.#writing = this.#writing.then(() => this.#write(mark)).catch(this.onTrouble);
  }

  /** Other processes of the service raise the same mark: the higher one stays. */
  async #write(mark: LogMark): Promise<void> {
    const there = await this.read().catch(() => undefined);
    if (holds(there, mark)) return;
    const draft = `${this.#path}.${process.pid}`;
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(mark)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.#path);
  }

  #unreadable(cause: unknown): HyperRunError {
    return new HyperRunError(
      'log.mark-unreadable',
      `${this.#path}, which says how far the log has got, cannot be read: ${String(cause)}. Delete it to start without that check.`,
      {},
      'operator',
      { cause },
    );
  }
}
