import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { type AnyEvent, HyperRunError, isHyperRunError, maskKnown } from '#contracts';
import { admit, type Admitted, type Door, type RequestHead } from './admission.js';
import { AnswerBody } from './answer-body.js';
import { CallRecord } from './call-record.js';
import type { ModelGrant } from './grant.js';
import { parseBaseUrl, parseHost, sameHost, shownHost } from './host.js';
import { MaskedBytes } from './masked-bytes.js';
import { ProviderConnection } from './provider-connection.js';
import { PROVIDERS } from './providers.js';
import { outgoingBody } from './request-body.js';
import type { CallUsage } from './tokens.js';
import { Turns } from './turns.js';
import { unlessAborted } from './unless-aborted.js';
import { wholeBody } from './whole-body.js';

/** What the attempt for which the calls are made knows and decides. */
export interface CallPorts {
  readonly attempt: number;
  /** Aborted when the attempt is over: calls under way are broken off. */
  readonly signal: AbortSignal;
  /** Resolves when a call may begin: not while the sprint is paused or a budget is used up. */
  readonly gate: () => Promise<void>;
  /** Counts what a call used. The next call waits for it. */
  readonly spend: (usage: CallUsage) => Promise<void>;
  readonly emit: (event: AnyEvent) => void | Promise<void>;
  /** What was asked for and is not granted; the same is told once. */
  readonly refused?: (code: string, reason: string) => void;
  /** Bytes of an answer came. */
  readonly progress?: () => void;
}

export interface CallLimits {
  readonly requestBytes: number;
  /** For a request to arrive, once it is its turn. */
  readonly bodyMs: number;
  readonly answerBytes: number;
  /** Until the provider answers: models think. */
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly atOnce: number;
}

export const CALL_LIMITS: CallLimits = {
  requestBytes: 16 * 2 ** 20,
  bodyMs: 60_000,
  answerBytes: 64 * 2 ** 20,
  firstByteMs: 900_000,
  idleMs: 300_000,
  atOnce: 4,
};

export interface ModelRequest extends RequestHead {
  readonly body: AsyncIterable<Uint8Array>;
  /** Whoever asked has gone. */
  readonly signal?: AbortSignal;
}

export interface ModelAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** To be read to its end or destroyed. */
  readonly body: Readable;
}

const MOST_REFUSALS_TOLD = 20;
const ANSWER_HEADERS = /^(?:content-type|retry-after|(?:x-)?request-id|(?:x-|anthropic-)ratelimit-[\w-]+)$/;

/**
 * The calls of one attempt to the one model that it was granted. The real key is added here and masked in whatever comes
 * back; each call waits for the gate, is two events, and is counted as its provider counts.
 */
export class ModelCalls {
  readonly door: Door;
  readonly #provider: ProviderConnection;
  readonly #turns: Turns;
  readonly #told = new Set<string>();
  readonly #over = new AbortController();
  #counting: Promise<void> = Promise.resolve();

  /** @throws HyperRunError network.invalid-host, model.other-host */
  constructor(
    private readonly grant: ModelGrant,
    private readonly ports: CallPorts,
    private readonly limits: CallLimits = CALL_LIMITS,
  ) {
    const base = parseBaseUrl(grant.baseUrl);
    if (!sameHost(base, parseHost(grant.host, base.secure ? 443 : 80)))
      throw new HyperRunError(
        'model.other-host',
        `The plan grants calls to ${grant.host}, and the model is at ${shownHost(base)} now. Ask for a new plan.`,
        {},
        'operator',
      );
    this.door = { grant, base, dummyKey: `hyper-run-${randomUUID()}` };
    this.#provider = new ProviderConnection(base, limits.firstByteMs, limits.atOnce);
    this.#turns = new Turns(limits.atOnce);
  }

  /**
   * @throws HyperRunError model.key-wrong, model.request-refused, model.request-malformed, model.request-too-large,
   * model.unreachable, model.timed-out, model.redirected, model.unreadable; what the gate and the budget throw
   */
  async answer(request: ModelRequest): Promise<ModelAnswer> {
    const admitted = this.#orTell(() => admit(this.door, request));
    const leave = await this.#turns.take();
    const signal = AbortSignal.any([this.#over.signal, this.ports.signal, ...(request.signal ? [request.signal] : [])]);
    try {
      const body = await unlessAborted(signal, () => this.#bodyOf(request, admitted));
      await unlessAborted(signal, () => this.#counting);
      await unlessAborted(signal, () => this.ports.gate());
      return await this.#call(admitted, body, signal, leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Lets no further call begin, breaks off those under way, and resolves when they have ended. May be called again. */
  async close(): Promise<void> {
    this.#over.abort(new HyperRunError('model.closed', 'The attempt is over: its model can be called no more.'));
    await this.#turns.empty();
    this.#provider.close();
  }

  /** Resolves when all calls that have ended are counted. @throws what counting one threw */
  async settled(): Promise<void> {
    await this.#counting;
  }

  /** Read only when it is its turn: what waits takes no memory. */
  async #bodyOf(request: ModelRequest, { endpoint }: Admitted): Promise<Buffer> {
    if (endpoint.method === 'GET') return Buffer.alloc(0);
    const { requestBytes, bodyMs } = this.limits;
    const bytes = await wholeBody(request.body, requestBytes, bodyMs);
    const outgoing = this.#orTell(() => outgoingBody(this.grant, endpoint, bytes));
    for (const name of outgoing.removed) this.#tell('model.request-refused', `Left out, as the provider would do it: ${name}`); // prettier-ignore
    return outgoing.bytes;
  }

  #orTell<Result>(admit: () => Result): Result {
    try {
      return admit();
    } catch (error) {
      if (isHyperRunError(error)) this.#tell(error.code, error.message);
      throw error;
    }
  }

  async #call(admitted: Admitted, body: Buffer, signal: AbortSignal, leave: () => void): Promise<ModelAnswer> {
    const { endpoint, path, headers } = admitted;
    const { attempt, emit } = this.ports;
    const terms = { grant: this.grant, host: this.#provider.shown, attempt, emit };
    const record = endpoint.tokens === undefined ? undefined : new CallRecord(terms, endpoint.tokens, body.length);
    await record?.begin();
    const end = (status: number | undefined, complete: boolean, error?: Error) => {
      if (record !== undefined) this.#count(record.end(status, complete, error));
      leave();
    };
    const all = { ...headers, ...this.#keyHeader(), 'content-type': 'application/json', 'user-agent': 'hyper-run' };
    let answer: IncomingMessage;
    try {
      answer = await this.#provider.send({ method: endpoint.method, path, headers: all, body, signal });
    } catch (error) {
      end(undefined, false, error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
    return this.#passOn(answer, record, end);
  }

  #passOn(
    answer: IncomingMessage,
    record: CallRecord | undefined,
    end: (status: number, complete: boolean, error?: Error) => void,
  ): ModelAnswer {
    const { statusCode: status = 502, headers } = answer;
    const secrets = this.grant.key === undefined ? [] : [this.grant.key];
    record?.answered(status, headers['content-type'] ?? '');
    const idle = setTimeout(() => answer.destroy(this.#fellSilent()), this.limits.idleMs);
    const body = new AnswerBody({
      masked: new MaskedBytes(secrets),
      limitBytes: this.limits.answerBytes,
      onBytes: (chunk) => {
        idle.refresh();
        record?.feed(chunk);
        this.ports.progress?.();
      },
      onEnd: (complete, error) => {
        clearTimeout(idle);
        end(status, complete, error);
      },
    });
    pipeline(answer, body, () => undefined);
    return { status, headers: shownHeaders(headers, secrets), body };
  }

  #fellSilent(): HyperRunError {
    const seconds = this.limits.idleMs / 1000;
    return new HyperRunError('model.timed-out', `${this.#provider.shown} said nothing for ${seconds} s.`, {}, 'retry');
  }

  #keyHeader(): Record<string, string> {
    if (this.grant.key === undefined) return {};
    const [name, value] = PROVIDERS[this.grant.provider].keyHeader(this.grant.key);
    return { [name]: value };
  }

  /** In the background: whoever waits for the answer is not to wait for a person. The next call does. */
  #count(ended: Promise<CallUsage>): void {
    const counted = ended.then((usage) => this.ports.spend(usage));
    this.#counting = Promise.all([this.#counting, counted]).then(() => undefined);
    this.#counting.catch(() => undefined);
  }

  #tell(code: string, reason: string): void {
    const text = `${code} ${reason}`;
    if (this.#told.has(text) || this.#told.size >= MOST_REFUSALS_TOLD) return;
    this.#told.add(text);
    this.ports.refused?.(code, reason);
  }
}

const shownHeaders = (headers: IncomingHttpHeaders, secrets: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      ANSWER_HEADERS.test(name) && typeof value === 'string' ? [[name, maskKnown(value, secrets)]] : [],
    ),
  );
