// The present: snapshots of the service, and every event since folded into them by the rules of the service itself.
import type { AgentId, Envelope, TaskId } from '#contracts';
import { evolveBoard, type AgentCard, type Board } from '#domain';
import { call, readAll } from '../api/client.js';
import type { AgentView, AlertView, HealthView } from '../api/views.js';
import { parse } from '../api/parse.js';
import { bestReading, readClock, type ClockAnswer, type ClockReading } from './clock.js';
import { connect } from './connect.js';
import { Feed } from './feed.js';
import { FirstWord } from './first-word.js';
import type { LinkState, StreamMessage } from './follow.js';
import { createStore, nextFrame } from './store.js';
import { toSeen, type SeenEvent } from './told.js';

export interface Link {
  readonly state: LinkState;
  readonly since: number;
  readonly retryAt?: number;
}

export interface Pulse {
  /** Time of the newest event by the clock of the log; absent before the first. */
  readonly lastEventAt?: number;
  readonly lastPosition?: number;
  /** Arrivals of the last minute, by this browser's clock. */
  readonly perMinute: number;
  /** Append → screen, in milliseconds, of the newest events that were seen as they happened. */
  readonly delays: readonly number[];
}

export interface Snapshot {
  readonly board: Board;
  /** Of the commands that this service runs. */
  readonly isolation: string;
  /** Of its agents, by kind. */
  readonly isolationOf: ReadonlyMap<string, string>;
  /** Whether the cards have been read at all. */
  readonly loaded: boolean;
  /** Why it could not be read the last time. */
  readonly failed?: unknown;
}

export const link = createStore<Link>({ state: 'connecting', since: Date.now() });
export const pulse = createStore<Pulse>({ perMinute: 0, delays: [] });
export const clock = createStore<ClockReading | undefined>(undefined);
export const snapshot = createStore<Snapshot>({
  board: { agents: new Map(), titles: new Map(), holders: new Map() },
  isolation: '',
  isolationOf: new Map(),
  loaded: false,
});
export const alerts = createStore<ReadonlyMap<string, AlertView>>(new Map());
export const health = createStore<HealthView | undefined>(undefined);
export const feed = new Feed();
export const firstWord = new FirstWord();

type Listener = (events: readonly SeenEvent[]) => void;
const listeners = new Set<Listener>();
const resets = new Set<() => void>();

/** Calls back with every batch of events as it comes, before the screen is drawn. */
export const onEvents = (listener: Listener): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** Calls back when what was read may have a gap: read it again. */
export const onReset = (listener: () => void): (() => void) => {
  resets.add(listener);
  return () => resets.delete(listener);
};

const DELAYS = 500;
const MINUTE_MS = 60_000;
let arrivals: { readonly at: number; readonly count: number }[] = [];
let held: SeenEvent[] | undefined = [];
/** The stream was there once: it goes on from there without a gap. */
let followed = false;

/** What was read may have a gap. */
const beginAnew = (): void => {
  feed.breakOff();
  for (const listener of resets) listener();
  void begin();
};

const receive = (message: StreamMessage): void => {
  switch (message.kind) {
    case 'state':
      link.set(message);
      // Nothing can be followed for now: what there is can be read all the same.
      if (message.state === 'full' && !snapshot.get().loaded) void begin();
      return;
    case 'hello':
      void readClockOffset();
      if (!snapshot.get().loaded || snapshot.get().failed !== undefined) void begin();
      else if (!followed) beginAnew();
      if (!followed) firstWord.hear(message.hello.cursor);
      followed = true;
      return;
    case 'reset':
      return beginAnew();
    case 'batch':
      return take(message.events, message.receivedAt);
  }
};

const take = (texts: readonly string[], receivedAt: number): void => {
  const events = texts.map((text) => {
    const event = toSeen(parse(text) as Envelope);
    feed.add(event, text);
    return event;
  });
  if (held === undefined) apply(events);
  else held.push(...events);
  for (const listener of listeners) listener(events);
  // Its texts stand in what was read before: the log holds them no more.
  if (events.some(({ type }) => type === 'event.redacted')) beginAnew();
  arrivals.push({ at: receivedAt, count: events.length });
  feed.tell();
  measure(events);
};

/** Folds what is newer than the snapshot: a card knows the position it was last changed at. */
const apply = (events: readonly SeenEvent[]): void => {
  const { board, ...rest } = snapshot.get();
  let next = board;
  for (const event of events) {
    const card = event.agentId === undefined ? undefined : next.agents.get(event.agentId);
    if (card === undefined || card.version < event.position) next = evolveBoard(next, event);
    applyAlert(event);
  }
  snapshot.set(next === board ? snapshot.get() : { ...rest, board: next });
  if (events.some((event) => event.type === 'agent.registered' && !rest.isolationOf.has(event.data.kind)))
    void readIsolations();
};

const applyAlert = (event: SeenEvent): void => {
  if (event.type === 'alert.raised') {
    const { time, stream, sprintId, taskId } = event;
    const raised = { ...event.data, time: new Date(time).toISOString(), stream, sprintId, taskId };
    alerts.set(new Map(alerts.get()).set(raised.alertId, raised));
  }
  if (event.type === 'alert.acknowledged') {
    const known = alerts.get().get(event.data.alertId);
    if (known !== undefined)
      alerts.set(new Map(alerts.get()).set(known.alertId, { ...known, acknowledgedBy: event.actor }));
  }
};

/** From the tick in which events came to the moment after they are painted. */
const measure = (events: readonly SeenEvent[]): void => {
  nextFrame(() => {
    const channel = new MessageChannel();
    channel.port1.addEventListener('message', () => {
      channel.port1.close();
      record(events, Date.now());
    });
    channel.port1.start();
    channel.port2.postMessage(undefined);
  });
};

/** Figures are told so often: a person cannot read them faster, and what shows them need not be drawn in every frame. */
const FIGURES_EVERY_MS = 250;
let delays: readonly number[] = [];
let newest: SeenEvent | undefined;
let telling: ReturnType<typeof setTimeout> | undefined;

const record = (events: readonly SeenEvent[], paintedAt: number): void => {
  newest = events.at(-1) ?? newest;
  const reading = clock.get();
  const fresh =
    reading === undefined || document.hidden ? [] : events.map(({ time }) => paintedAt + reading.offset - time);
  // What was caught up with after a break says nothing about how fast the stream is.
  delays = [...delays, ...fresh.filter((ms) => ms < 10_000)].slice(-DELAYS);
  telling ??= setTimeout(() => {
    telling = undefined;
    tellPulse();
  }, FIGURES_EVERY_MS);
};

const tellPulse = (): void => {
  const now = Date.now();
  arrivals = arrivals.filter(({ at }) => now - at < MINUTE_MS);
  pulse.set({
    lastEventAt: newest?.time,
    lastPosition: newest?.position,
    perMinute: arrivals.reduce((sum, { count }) => sum + count, 0),
    delays,
  });
};

const cardOf = ({
  id,
  kind,
  name,
  role,
  status,
  version,
  currentTaskSummary,
  circuitOpenUntil,
  ...view
}: AgentView): AgentCard => ({
  id: id as AgentId,
  kind,
  name,
  role,
  status,
  version,
  currentTaskSummary,
  circuitOpenUntil,
  currentTaskId: view.currentTaskId as TaskId | undefined,
  lastSeen: view.lastSeen === undefined ? 0 : Date.parse(view.lastSeen),
  lastProgress: view.lastProgress === undefined ? undefined : Date.parse(view.lastProgress),
});

const boardOf = (views: readonly AgentView[]): Board => {
  const cards = views.map(cardOf);
  const busy = cards.flatMap((card) => (card.currentTaskId === undefined ? [] : [[card.currentTaskId, card] as const]));
  return {
    agents: new Map(cards.map((card) => [card.id, card])),
    holders: new Map(busy.map(([taskId, card]) => [taskId, card.id])),
    titles: new Map(busy.map(([taskId, card]) => [taskId, card.currentTaskSummary ?? ''])),
  };
};

const isolationsOf = (views: readonly AgentView[]): ReadonlyMap<string, string> =>
  new Map(views.map(({ kind, isolation }) => [kind, isolation]));

/** An event tells that an agent came on board, and not what confines agents of its kind here. */
const readIsolations = async (): Promise<void> => {
  const agents = await readAll<AgentView>('/agents').catch(() => undefined);
  if (agents !== undefined) snapshot.set({ ...snapshot.get(), isolationOf: isolationsOf(agents) });
};

let reading = 0;

/**
 * Reads the snapshots while the stream already runs, and then folds what came meanwhile: nothing is missed. Of several
 * readings at once the newest counts, and what came since the first began is held for it.
 */
const begin = async (): Promise<void> => {
  const turn = ++reading;
  held ??= [];
  feed.loadOlder().catch(() => undefined);
  try {
    const [agents, raised, ready] = await Promise.all([
      readAll<AgentView>('/agents'),
      readAll<AlertView>('/alerts'),
      call<HealthView>('/health/ready'),
    ]);
    if (turn !== reading) return;
    health.set(ready);
    alerts.set(new Map(raised.map((alert) => [alert.alertId, alert])));
    snapshot.set({
      board: boardOf(agents),
      isolation: ready.isolation,
      isolationOf: isolationsOf(agents),
      loaded: true,
      failed: undefined,
    });
    const meanwhile = held;
    held = undefined;
    apply(meanwhile);
  } catch (failed) {
    if (turn !== reading) return;
    snapshot.set({ ...snapshot.get(), failed });
    // The stream says that it is lost, too, and begins anew when it is there again.
    setTimeout(() => link.get().state === 'live' && void begin(), 2000);
  }
};

/** For a person who does not want to wait for the next try. */
export const readAgain = (): void => void begin();

const READINGS = 4;

const readClockOffset = async (): Promise<void> => {
  const readings: ClockReading[] = [];
  for (let count = 0; count < READINGS; count++) {
    const asked = Date.now();
    const answer = await call<ClockAnswer>('/health/clock').catch(() => undefined);
    if (answer === undefined) break;
    readings.push(readClock(asked, answer, Date.now()));
  }
  clock.set(bestReading(readings) ?? clock.get());
};

let leave: (() => void) | undefined;

/** Joins the stream. Once for the page. */
export const start = (): void => {
  leave ??= connect(receive);
  setInterval(tellPulse, 5000);
};
