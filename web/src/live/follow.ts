// The stream of events of the service, followed for as long as somebody looks. No DOM: it runs in the shared worker.

export type LinkState = 'connecting' | 'live' | 'lost' | 'signed-out' | 'full';

export interface Hello {
  readonly cursor: string;
  readonly oldest: string;
  readonly serverTime: string;
}

export type StreamMessage =
  /** `since`: from when on it is not live, however often it was tried meanwhile. */
  | { readonly kind: 'state'; readonly state: LinkState; readonly since: number; readonly retryAt?: number }
  | { readonly kind: 'hello'; readonly hello: Hello; readonly receivedAt: number }
  /** The cursor could not be served: what is shown must be read anew. */
  | { readonly kind: 'reset'; readonly reason: string; readonly cursor: string }
  /** Envelopes as JSON text, in order, without gap or repeat since the last `hello` or `reset`. */
  | {
      readonly kind: 'batch';
      readonly events: readonly string[];
      readonly cursor: string;
      readonly receivedAt: number;
    };

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
/** The service ends every connection after some minutes, and the browser is back in a second: that is no loss. */
const GRACE_MS = 2500;

/** Half to all of it, so that clients of a restarted service do not come back all at once. */
export const backoff = (failures: number, random: () => number): number =>
  Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures) * (0.5 + random() / 2);

/** Why there is no stream: an `EventSource` does not say. Whoever gets one by this gives it back at once. */
const whyNot = async (): Promise<LinkState> => {
  const asked = new AbortController();
  try {
    const answer = await fetch('/events/stream', { credentials: 'same-origin', signal: asked.signal });
    if (answer.status === 401 || answer.status === 403) return 'signed-out';
    if (answer.status !== 503) return 'lost';
    return ((await answer.json()) as { readonly code?: string }).code === 'stream.full' ? 'full' : 'lost';
  } catch {
    return 'lost';
  } finally {
    asked.abort();
  }
};

/**
 * Follows `/events/stream`, and takes it up where it ended: after a lost connection, a restart, a refusal. The browser
 * reconnects by itself only while the server answers 200, so a refused connection is made anew here.
 */
export const follow = (tell: (message: StreamMessage) => void): (() => void) => {
  let source: EventSource | undefined;
  let cursor = '';
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let grace: ReturnType<typeof setTimeout> | undefined;
  let brokenAt: number | undefined;
  let pending: string[] = [];
  let ended = false;

  const flush = () => {
    const events = pending;
    pending = [];
    if (events.length > 0) tell({ kind: 'batch', events, cursor, receivedAt: Date.now() });
  };
  const receive = (message: MessageEvent<string>) => {
    cursor = message.lastEventId;
    if (pending.push(message.data) === 1) setTimeout(flush, 0);
  };
  const control = (message: Event): MessageEvent<string> => {
    flush();
    const told = message as MessageEvent<string>;
    cursor = told.lastEventId;
    return told;
  };
  const state = (now: LinkState, retryAt?: number) =>
    tell({ kind: 'state', state: now, since: brokenAt ?? Date.now(), retryAt });

  const retry = async () => {
    clearTimeout(grace);
    source?.close();
    const why = await whyNot();
    if (ended) return;
    const wait = backoff(failures++, Math.random);
    state(why, Date.now() + wait);
    timer = setTimeout(open, wait);
  };
  const open = () => {
    const after = cursor === '' ? '' : `?after=${encodeURIComponent(cursor)}`;
    source = new EventSource(`/events/stream${after}`);
    source.addEventListener('message', receive);
    source.addEventListener('hello', (message) => {
      failures = 0;
      clearTimeout(grace);
      brokenAt = undefined;
      tell({ kind: 'hello', hello: JSON.parse(control(message).data) as Hello, receivedAt: Date.now() });
      state('live');
    });
    source.addEventListener('reset', (message) => {
      const { data, lastEventId } = control(message);
      tell({ kind: 'reset', reason: (JSON.parse(data) as { reason: string }).reason, cursor: lastEventId });
    });
    source.addEventListener('error', () => {
      flush();
      brokenAt ??= Date.now();
      if (source?.readyState === EventSource.CLOSED) void retry();
      else {
        clearTimeout(grace);
        grace = setTimeout(state, GRACE_MS - (Date.now() - brokenAt), 'lost');
      }
    });
  };
  state('connecting');
  open();
  return () => {
    ended = true;
    clearTimeout(timer);
    clearTimeout(grace);
    source?.close();
  };
};
