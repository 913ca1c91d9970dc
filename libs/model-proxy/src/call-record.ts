import { randomUUID } from 'node:crypto';
import { type AnyEvent, eventText } from '#contracts';
import type { ModelGrant } from './grant.js';
import { TokenCounter, type Count } from './token-counter.js';
import { usageOf, type CallUsage, type TokenReader } from './tokens.js';

const LONGEST_ERROR = 500;

export interface CallTerms {
  readonly grant: ModelGrant;
  readonly host: string;
  readonly attempt: number;
  readonly emit: (event: AnyEvent) => void | Promise<void>;
}

/** What is known of one call: its two events, and what it used. */
export class CallRecord {
  readonly #callId = randomUUID();
  #began = 0;
  #counter: TokenCounter | undefined;
  #refusal: string | undefined;

  constructor(
    private readonly terms: CallTerms,
    private readonly read: TokenReader,
    private readonly bytesIn: number,
  ) {}

  async begin(): Promise<void> {
    const { attempt, grant, host, emit } = this.terms;
    const data = { attempt, origin: 'observed' as const, callId: this.#callId, model: grant.model.slice(0, 200), host };
    await emit({ type: 'action.model-call-started', data });
    this.#began = performance.now();
  }

  /** The head of the answer is there. */
  answered(status: number, contentType: string): void {
    this.#counter = new TokenCounter(this.read, this.bytesIn, /event-stream|ndjson|jsonl/i.test(contentType));
    if (status >= 400) this.#refusal = '';
  }

  feed(chunk: Buffer): void {
    this.#counter?.feed(chunk);
    if (this.#refusal !== undefined && this.#refusal.length < LONGEST_ERROR) this.#refusal += chunk.toString('utf8');
  }

  /** Writes how it ended. Returns what it used. */
  async end(status: number | undefined, complete: boolean, error?: Error): Promise<CallUsage> {
    const { grant, attempt, emit } = this.terms;
    const { tokens, estimated } = this.#count(complete);
    const usage = usageOf(tokens, grant.prices);
    const why = this.#why(status, complete, error);
    const data = {
      ...{ attempt, origin: 'observed' as const, callId: this.#callId, ...usage },
      durationMs: Math.round(performance.now() - this.#began),
      ...(estimated && { estimated }),
      ...(why !== undefined && { error: eventText(why, grant.key === undefined ? [] : [grant.key]).slice(0, 2000) }),
    };
    await emit({ type: 'action.model-call-finished', data });
    return usage;
  }

  /** What was refused, or never answered, costs nothing unless the provider says so. */
  #count(complete: boolean): Count {
    const counter = this.#counter;
    if (counter === undefined) return { tokens: { input: 0, cached: 0, output: 0 }, estimated: false };
    return this.#refusal === undefined ? counter.count(complete) : { tokens: counter.known, estimated: false };
  }

  #why(status: number | undefined, complete: boolean, error: Error | undefined): string | undefined {
    if (this.#refusal !== undefined) return `The provider answered ${status}: ${this.#refusal.slice(0, LONGEST_ERROR)}`;
    if (error !== undefined) return error.message;
    return complete ? undefined : 'The call was broken off before its answer was complete.';
  }
}
