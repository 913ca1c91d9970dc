// What an agent says of itself, as events: text put together, one event per change of state of a call.
import type { EventData } from '#contracts';
import { shownPath } from './acp-paths.js';

const LONGEST_TEXT = 8000;
const LONGEST_SUMMARY = 2000;
const SHOWN_VALUE = 1200;
const MOST_CALLS = 10_000;
const MOST_UNKNOWN = 20;
/** A text of which no more comes for so long is told as it is. */
const SILENCE_MS = 1000;

export type Said = NonNullable<EventData<'action.message-said'>['kind']>;

export interface Listener {
  /** Where the files are, as the agent names them. */
  readonly root: string;
  /** Cleaned, and at most so long. */
  readonly text: (value: string, limit: number) => string;
  readonly said: (text: string, kind: Said) => Promise<void>;
  readonly called: (call: Omit<EventData<'action.tool-called'>, 'attempt' | 'origin'>) => Promise<void>;
  readonly updated: (update: SessionUpdate) => Promise<void>;
  /** Something moved, and it is no event. */
  readonly moved: () => void;
}

export type SessionUpdate = Omit<EventData<'action.session-updated'>, 'attempt' | 'origin'>;

export interface Call {
  readonly id: string;
  readonly tool?: string | null | undefined;
  readonly title?: string | null | undefined;
  readonly input?: unknown;
  readonly output?: unknown;
  readonly paths?: readonly string[] | undefined;
  /** `waiting`: it is named, and has not begun. */
  readonly state: 'waiting' | 'started' | 'finished' | 'failed';
}

interface Known {
  tool: string;
  title: string;
  input: string;
  paths: readonly string[];
  told: 'waiting' | 'started' | 'ended';
}

export class Narration {
  #pieces: { readonly kind: Said; readonly text: string } | undefined;
  readonly #calls = new Map<string, Known>();
  readonly #unknown = new Set<string>();
  #plan = '';
  readonly #session = new Map<SessionUpdate['what'], string>();
  #usage: { readonly now: SessionUpdate; readonly toldAt: number } | undefined;
  #last: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  /** The last thing that it said to people. */
  lastMessage = '';

  constructor(private readonly listener: Listener) {}

  /** A piece of a text; it is told when something else follows, when it is long, or when nothing follows for a while. */
  piece(text: string, kind: Said): Promise<void> {
    return this.#inTurn(() => this.#piece(text, kind));
  }

  /** A whole text. */
  say(text: string, kind: Said): Promise<void> {
    return this.#inTurn(() => this.#whole(text, kind));
  }

  /** The plan as it is now; told when it differs from the last one. */
  plan(steps: readonly { readonly content: string; readonly status: string }[]): Promise<void> {
    const plan = steps.map(({ content, status }) => `[${MARKS[status] ?? ' '}] ${content}`).join('\n');
    return this.#inTurn(async () => {
      if (plan === this.#plan) return this.listener.moved();
      this.#plan = plan;
      await this.#whole(plan, 'plan');
    });
  }

  call(call: Call): Promise<void> {
    return this.#inTurn(async () => {
      await this.#sayAll();
      const known = this.#remember(call);
      const { state } = call;
      const isNews = state === 'started' ? known.told === 'waiting' : known.told !== 'ended';
      if (!isNews || state === 'waiting') return this.listener.moved();
      await this.#tell(call.id, known, state, brief(call.output));
    });
  }

  /** Something about its session, as it is now; told when it differs from what was told of it last. */
  session(update: SessionUpdate): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#session.get(update.what) === update.summary) return this.listener.moved();
      this.#session.set(update.what, update.summary);
      await this.#sayAll();
      await this.#update(update);
    });
  }

  /** How full its context is: said all the time, and told when it has grown by a tenth, and at the end. */
  usage(used: number, size: number): Promise<void> {
    return this.#inTurn(async () => {
      const now = { what: 'usage', summary: `${used} of ${size} tokens`, usage: { used, size } } as const;
      const toldAt = this.#usage?.toldAt ?? Number.NEGATIVE_INFINITY;
      if (Math.abs(used - toldAt) < size / 10) this.#usage = { now, toldAt };
      else await this.#tellUsage(now);
      this.listener.moved();
    });
  }

  /** Something that is not understood here: told once for each name, a few in all. */
  unknown(name: string): Promise<void> {
    return this.#inTurn(async () => {
      this.listener.moved();
      const shown = this.listener.text(name, 60);
      if (this.#unknown.has(shown) || this.#unknown.size >= MOST_UNKNOWN) return;
      this.#unknown.add(shown);
      await this.#update({ what: 'unknown', summary: `sent ${JSON.stringify(shown)}, which is not known here` });
    });
  }

  /** Tells what was held back: the end of a text, calls that were named and never began. */
  flush(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#sayAll();
      for (const [id, known] of this.#calls) if (known.told === 'waiting') await this.#tell(id, known, 'started', '');
      const { now, toldAt } = this.#usage ?? {};
      if (now?.usage !== undefined && now.usage.used !== toldAt) await this.#tellUsage(now);
    });
  }

  async #tellUsage(now: SessionUpdate): Promise<void> {
    this.#usage = { now, toldAt: now.usage?.used ?? 0 };
    await this.#sayAll();
    await this.#update(now);
  }

  async #update({ what, summary, usage }: SessionUpdate): Promise<void> {
    const told = this.listener.text(summary, LONGEST_SUMMARY);
    await this.listener.updated({ what, summary: told, ...(usage && { usage }) });
  }

  #inTurn(work: () => Promise<void> | void): Promise<void> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined); // whoever asked for it hears of it
    return turn;
  }

  async #piece(text: string, kind: Said): Promise<void> {
    if (this.#pieces !== undefined && this.#pieces.kind !== kind) await this.#say();
    this.#pieces = { kind, text: (this.#pieces?.text ?? '') + text };
    this.listener.moved();
    while ((this.#pieces?.text.length ?? 0) > LONGEST_TEXT) await this.#say();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#inTurn(() => this.#sayAll()).catch(() => undefined); // the attempt is over
    }, SILENCE_MS).unref();
  }

  async #whole(text: string, kind: Said): Promise<void> {
    await this.#sayAll();
    await this.#piece(text, kind);
    await this.#sayAll();
  }

  async #sayAll(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#pieces !== undefined) await this.#say();
  }

  /** Says what was put together so far, or as much of it as fits into one event. */
  async #say(): Promise<void> {
    const pieces = this.#pieces;
    if (pieces === undefined) return;
    const rest = pieces.text.slice(LONGEST_TEXT);
    this.#pieces = rest === '' ? undefined : { kind: pieces.kind, text: rest };
    const shown = this.listener.text(pieces.text.slice(0, LONGEST_TEXT), LONGEST_TEXT).trim();
    if (shown === '') return;
    if (pieces.kind === 'message') this.lastMessage = shown;
    await this.listener.said(shown, pieces.kind);
  }

  #remember({ id, tool, title, input, paths }: Call): Known {
    const before = this.#calls.get(id);
    const known = before ?? { tool: 'tool', title: '', input: '', paths: [], told: 'waiting' as const };
    known.tool = tool ?? known.tool;
    known.title = title ?? known.title;
    if (input !== undefined) known.input = brief(input);
    if (paths !== undefined && paths.length > 0)
      known.paths = paths.slice(0, 20).map((path) => shownPath(path, this.listener.root));
    if (before === undefined) this.#keep(id, known);
    return known;
  }

  #keep(id: string, known: Known): void {
    const [oldest] = this.#calls.keys();
    if (this.#calls.size >= MOST_CALLS && oldest !== undefined) this.#calls.delete(oldest);
    this.#calls.set(id, known);
  }

  async #tell(id: string, known: Known, status: 'started' | 'finished' | 'failed', output: string): Promise<void> {
    const { text } = this.listener;
    known.told = status === 'started' ? 'started' : 'ended';
    const summary = [known.title, known.input, output].filter((part) => part !== '' && part !== '{}').join(' · ');
    await this.listener.called({
      callId: text(id, 64),
      tool: text(known.tool, 80),
      summary: text(summary, LONGEST_SUMMARY),
      status,
      ...(known.paths.length === 0 ? {} : { paths: known.paths.map((path) => text(path, 1024)) }),
    });
  }
}

const MARKS: Readonly<Record<string, string>> = { completed: 'x', in_progress: '>' };

const brief = (value: unknown): string => {
  if (value === undefined || value === null) return '';
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, SHOWN_VALUE);
};
