import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { sprintStream, SYSTEM_STREAM, type AnyEvent, type HyperRunError, type Sha256, type SprintId } from '#contracts';
import { event, type Decider } from '#domain';
import { Decisions } from '../world/decisions.port.js';
import { ArchiveFiles } from './archive-files.port.js';

interface Trouble {
  readonly alertId: string;
  readonly code: string;
  readonly text: string;
}

/** Alerts of one stream that nobody has acknowledged: one of them is enough. */
const alarm: Decider<ReadonlySet<string>, Trouble, AnyEvent> = {
  initial: new Set(),
  decide: ({ alertId, code, text }, open) =>
    open.has(alertId)
      ? []
      : [event('alert.raised', { alertId, severity: 'critical', kind: code, text: text.slice(0, 2000) })],
  evolve: (open, told) => {
    if (told.type === 'alert.raised') return new Set([...open, told.data.alertId]);
    return told.type === 'alert.acknowledged' ? new Set([...open].filter((id) => id !== told.data.alertId)) : open;
  },
};

/** Whoever reads a missing or damaged archive hears of it at once; everybody else by an alert, once. */
@Injectable()
export class ArchiveAlerts implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(ArchiveAlerts.name);
  #raising: Promise<unknown> = Promise.resolve();
  #forget?: () => void;

  constructor(
    private readonly files: ArchiveFiles,
    private readonly decisions: Decisions,
  ) {}

  onApplicationBootstrap(): void {
    this.#forget = this.files.onTrouble((error) => {
      this.#raising = this.#raiseAfter(this.#raising, error);
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.#forget?.();
    await this.#raising;
  }

  async #raiseAfter(before: Promise<unknown>, error: HyperRunError): Promise<void> {
    await before;
    await this.#raise(error).catch((failed: unknown) =>
      this.#logger.warn(`No alert could be raised: ${String(failed)}`),
    );
  }

  async #raise({ code, message, details }: HyperRunError): Promise<void> {
    this.#logger.error(message);
    const { digest, sprintId } = details as { readonly digest: Sha256; readonly sprintId?: SprintId };
    await this.decisions.make({
      stream: sprintId === undefined ? SYSTEM_STREAM : sprintStream(sprintId),
      decider: alarm,
      command: { alertId: `archive-${digest.slice(0, 16)}`, code, text: message },
      issued: { id: `archive-alert/${randomUUID()}`, actor: 'system', body: { code, digest } },
      ...(sprintId === undefined ? {} : { subjects: { sprintId } }),
    });
  }
}
