import { clean } from '#wording';
import { parse } from './parse.js';

/** What went wrong, in the words of the service: `code` is stable, `message` says what to do. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Told how far the answer shows the log, as soon as it begins; `null` when it does not say. */
  readonly shows?: (cursor: string | null) => void;
}

const send = async (path: string, { method = 'GET', body, headers, signal, shows }: Call): Promise<Response> => {
  const answer = await fetch(path, {
    method,
    credentials: 'same-origin',
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error;
    throw new ApiError(0, 'service.unreachable', 'The service does not answer. It is tried again.');
  });
  if (answer.ok) {
    shows?.(answer.headers.get('HyperRun-Follow-After'));
    return answer;
  }
  const problem = await answer
    .text()
    .then((text) => parse(text) as Readonly<Record<string, unknown>>)
    .catch((): Readonly<Record<string, unknown>> => ({}));
  throw new ApiError(
    answer.status,
    typeof problem.code === 'string' ? problem.code : `http.${answer.status}`,
    typeof problem.detail === 'string' ? problem.detail : `The service answered ${answer.status}.`,
    problem,
  );
};

/** One call of the service. @throws ApiError */
export const call = async <Answer>(path: string, options: Call = {}): Promise<Answer> =>
  parse(await (await send(path, options)).text()) as Answer;

/** The same where the answer is text that is shown: a report. @throws ApiError */
export const callText = async (path: string, options: Call = {}): Promise<string> =>
  clean(await (await send(path, options)).text());

/** The diff of a task. `work`: of what was written so far, not of a candidate. */
export interface TaskDiff {
  readonly of: 'candidate' | 'work';
  readonly text: string;
  /** Files that were written and are not shown. */
  readonly leftOut: number;
}

/** @throws ApiError */
export const callDiff = async (path: string, options: Call = {}): Promise<TaskDiff> => {
  const answer = await send(path, options);
  const of = answer.headers.get('HyperRun-Diff') === 'work' ? 'work' : 'candidate';
  return { of, text: await answer.text(), leftOut: Number(answer.headers.get('HyperRun-Left-Out') ?? 0) };
};

/**
 * The texts of a JSON sequence (RFC 7464) as they come, some at a time. One that was cut short is an error, not an end.
 * @throws ApiError
 */
export async function* callSequence(path: string, options: Call = {}): AsyncGenerator<readonly string[]> {
  const answer = await send(path, { ...options, headers: { Accept: 'application/json-seq', ...options.headers } });
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) {
      const texts = (rest + decoder.decode(read.value, { stream: true })).split(END_OF_TEXT);
      rest = texts.pop() ?? '';
      if (texts.length > 0) yield texts.map((text) => text.slice(1));
    }
  } finally {
    // Who stops listening early lets go of the connection, too.
    void reader?.cancel().catch(() => undefined);
  }
  if (rest !== '') throw new ApiError(0, 'service.unreachable', 'The answer was cut short. It is tried again.');
}

const END_OF_TEXT = '\n';

/** A write that is carried out once, however often it has to be sent. @throws ApiError */
export const write = <Answer>(path: string, body: unknown = {}, options: Omit<Call, 'body'> = {}): Promise<Answer> =>
  call(path, {
    method: 'POST',
    ...options,
    body,
    headers: { 'Idempotency-Key': crypto.randomUUID(), ...options.headers },
  });

/** Every item of a paged list. @throws ApiError */
export const readAll = async <Item>(path: string, signal?: AbortSignal): Promise<Item[]> => {
  const items: Item[] = [];
  const joiner = path.includes('?') ? '&' : '?';
  for (let after: string | undefined; ;) {
    const from = after === undefined ? '' : `&after=${encodeURIComponent(after)}`;
    const page = await call<{ items: Item[]; next?: string }>(`${path}${joiner}limit=1000${from}`, { signal });
    items.push(...page.items);
    if (page.next === undefined) return items;
    after = page.next;
  }
};
