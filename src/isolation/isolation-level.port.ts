import { Inject, Injectable, Logger } from '@nestjs/common';
import { detectIsolation } from '#sandbox';
import { findTool, toolCache } from '#system-tools';
import { CONFIG, type Config } from '../config/config.js';

export type Measured = Awaited<ReturnType<typeof detectIsolation>>;

/** How well this process can confine what it runs: measured once by running it, never assumed. */
@Injectable()
export class IsolationLevel {
  readonly #logger = new Logger(IsolationLevel.name);
  #measured?: Promise<Measured>;

  constructor(@Inject(CONFIG) private readonly config: Partial<Pick<Config, 'memoryMb'>>) {}

  measured(): Promise<Measured> {
    return (this.#measured ??= this.#measure());
  }

  async #measure(): Promise<Measured> {
    const log = (line: string) => this.#logger.log(line);
    const bwrap = await findTool('bwrap', { cacheDir: toolCache(), log }).catch((error: unknown) => {
      this.#logger.warn(`No bubblewrap: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    });
    const { memoryMb } = this.config;
    return detectIsolation({ bwrap, ...(memoryMb !== undefined && { memoryBytes: memoryMb * 2 ** 20 }) });
  }
}
