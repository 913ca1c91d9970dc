import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { HyperRunError, type Position } from '#contracts';
import { answersIn, type Answer } from './answer.js';
import { closed, diskFull, full, outcomeUnknown, unavailable } from './errors.js';
import type { LogMark } from './log-mark.js';
import type { PreparedAppend } from './prepare.js';
import { isUnreadable, type Script } from './script.js';

interface Pending {
  readonly prepared: PreparedAppend;
  readonly order: number;
  readonly deadline: number;
  /** How often it was sent without an answer. */
  unanswered: number;
  settled: boolean;
  /** Why Redis did not take it for now. */
  refusal?: Error;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

interface Call {
  readonly pending: readonly Pending[];
  readonly since: number;
  done: Promise<void>;
}

export interface GroupCommitOptions {
  readonly redis: Redis;
  readonly script: Script;
  /** The same, for when memory is full: it takes what is kept back for decisions. Redis 7.0 or later. */
  readonly reserve: Script;
  /** Resolves when everything that was written over the connection until now is as safe as it has to be. */
  readonly safe?: () => Promise<void>;
  /** Keys and leading arguments of the script, and those of appends. */
  readonly encode: (appends: readonly PreparedAppend[]) => {
    readonly keys: string[];
    readonly args: (string | number)[];
  };
  /** How long an append is tried again before its caller hears that it failed, in milliseconds. */
  readonly patience: number;
  /** The log is not, or no longer, the one that is known: what its caller hears of it. Nothing may go on. */
  readonly onRewound: (found: LogMark) => HyperRunError;
}

/** Calls at once on one connection: the next one is made and sent while Redis works on the one before. */
const CALLS_AT_ONCE = 2;
/** So many positions an entry of `all` covers at most. */
export const MAX_EVENTS_PER_CALL = 512;
const MAX_BYTES_PER_CALL = 2 * 1024 * 1024;
const BUSY_PAUSE = 100;

/**
 * Appends issued in the same tick, or while a call is on its way, travel in one call of the script. An append whose
 * reply was lost is sent again; its guard makes that harmless.
 */
export class GroupCommit {
  #queue: Pending[] = [];
  readonly #calls = new Set<Call>();
  #scheduled = false;
  #watch: NodeJS.Timeout | undefined;
  #closed = false;
  #order = 0;

  constructor(private readonly options: GroupCommitOptions) {
    options.redis.on('ready', () => this.#send());
  }

  /** @throws HyperRunError `log.full`, `log.unavailable`, `log.outcome-unknown` */
  submit(prepared: PreparedAppend): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(closed());
      const deadline = Date.now() + this.options.patience;
      this.#queue.push({ prepared, order: this.#order++, deadline, unanswered: 0, settled: false, resolve, reject });
      this.#watch ??= setTimeout(() => this.#look(), this.#tick());
      if (this.#scheduled) return;
      this.#scheduled = true;
      process.nextTick(() => {
        this.#scheduled = false;
        this.#send();
      });
    });
  }

  /** Waits for what is on its way; what was not sent yet is refused. */
  async close(): Promise<void> {
    this.#closed = true;
    const queue = this.#queue;
    this.#queue = [];
    for (const pending of queue) this.#giveUp(pending, closed());
    await Promise.all([...this.#calls].map((call) => call.done));
    clearTimeout(this.#watch);
  }

  #tick(): number {
    return Math.max(10, this.options.patience / 4);
  }

  #send(): void {
    while (this.#queue.length > 0 && this.#calls.size < CALLS_AT_ONCE && this.options.redis.status === 'ready') {
      const call: Call = { pending: this.#take(), since: Date.now(), done: Promise.resolve() };
      this.#calls.add(call);
      call.done = this.#carryOut(call).finally(() => {
        this.#calls.delete(call);
        this.#send();
      });
    }
  }

  /** What travels in the next call: an even share of the queue for each call that may still be sent. */
  #take(): Pending[] {
    const share = Math.ceil(this.#queue.length / (CALLS_AT_ONCE - this.#calls.size));
    let count = 0;
    let events = 0;
    let bytes = 0;
    for (const { prepared } of this.#queue.slice(0, share)) {
      events += prepared.events;
      bytes += prepared.bytes;
      if (count > 0 && (events > MAX_EVENTS_PER_CALL || bytes > MAX_BYTES_PER_CALL)) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  async #carryOut(call: Call): Promise<void> {
    for (const pending of call.pending) pending.unanswered++;
    try {
      await this.#settle(call.pending, this.options.script);
    } catch (error) {
      await this.#failed(call, isFull(error) ? await this.#useReserve(call.pending, error) : error);
    }
  }

  async #settle(all: readonly Pending[], script: Script): Promise<void> {
    const { keys, args } = this.options.encode(all.map(({ prepared }) => prepared));
    const reply = await this.#run(script, keys, args);
    await this.options.safe?.();
    const answers = answersIn(
      reply,
      all.map(({ prepared }) => prepared.append),
    );
    all.forEach((pending, index) => {
      const answer = answers[index];
      if (answer === undefined || answer.length === 0) return this.#giveUp(pending);
      pending.settled = true;
      pending.resolve(answer);
    });
  }

  /** What may use the reserve is carried out; the error is that of the rest, or what befell the reserve. */
  async #useReserve(all: readonly Pending[], error: unknown): Promise<unknown> {
    const decisions = all.filter(({ settled, prepared }) => !settled && prepared.append.reserve === true);
    if (decisions.length === 0) return error;
    try {
      await this.#settle(decisions, this.options.reserve);
      return error;
    } catch (failure) {
      return isUnreadable(failure) ? error : failure;
    }
  }

  async #run(script: Script, keys: string[], args: (string | number)[]): Promise<number[]> {
    const { redis } = this.options;
    try {
      return (await redis.evalsha(script.sha, keys.length, ...keys, ...args)) as number[];
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return (await redis.eval(script.text, keys.length, ...keys, ...args)) as number[];
    }
  }

  async #failed(call: Call, error: unknown): Promise<void> {
    const refusal = error instanceof Error && error.name === 'ReplyError' ? error : undefined;
    if (refusal !== undefined) for (const pending of call.pending) if (!pending.settled) pending.unanswered--;
    const rewound = refusal && rewoundTo(refusal);
    if (rewound !== undefined) {
      const told = this.options.onRewound(rewound);
      for (const pending of call.pending) this.#giveUp(pending, told);
      return;
    }
    const passing =
      refusal === undefined ||
      /^(LOADING|BUSY|TRYAGAIN|MASTERDOWN|CLUSTERDOWN|MOVED|ASK|READONLY|NOREPLICAS) /.test(refusal.message);
    if (!passing || this.#closed) {
      for (const pending of call.pending) this.#giveUp(pending, refusal && refusedBy(refusal));
      return;
    }
    for (const pending of call.pending) pending.refusal = refusal;
    if (refusal !== undefined) await delay(BUSY_PAUSE);
    const again = call.pending.filter((pending) => !pending.settled);
    this.#queue = [...again, ...this.#queue].sort((a, b) => a.order - b.order);
  }

  /** Every quarter of the patience, while anything is under way. */
  #look(): void {
    const now = Date.now();
    const late = (pending: Pending) => pending.deadline <= now;
    for (const call of this.#calls) for (const pending of call.pending) if (late(pending)) this.#giveUp(pending);
    for (const pending of this.#queue) if (late(pending)) this.#giveUp(pending);
    this.#queue = this.#queue.filter((pending) => !pending.settled);
    if ([...this.#calls].some((call) => now - call.since >= this.#tick())) this.options.redis.disconnect(true);
    const busy = this.#queue.length > 0 || this.#calls.size > 0;
    this.#watch = busy ? setTimeout(() => this.#look(), this.#tick()) : undefined;
    this.#send();
  }

  #giveUp(pending: Pending, error?: HyperRunError): void {
    if (pending.settled) return;
    pending.settled = true;
    if (pending.unanswered > 0) pending.reject(outcomeUnknown(pending.prepared.append.commandId, error));
    else pending.reject(error ?? (pending.refusal ? refusedBy(pending.refusal) : NOT_CONNECTED()));
  }
}

const NOT_CONNECTED = () => unavailable('there is no connection to Redis.');

/** As scripts/append.lua says it. */
const rewoundTo = ({ message }: Error): LogMark | undefined => {
  const [, incarnation, position] = /REWOUND (\S+) (\d+)/.exec(message) ?? [];
  return incarnation === undefined ? undefined : { incarnation, position: Number(position) as Position };
};

const isFull = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ReplyError' && /^(ERR )?OOM\b/.test(error.message);

const refusedBy = (error: Error): HyperRunError => {
  if (isFull(error)) return full(error);
  if (error.message.startsWith('MISCONF')) return diskFull(error);
  return unavailable(`Redis refused the append (${error.message}).`, error);
};
