// Whether an agent goes in circles: looked for in what it does, in order. No clock of its own, no I/O.
import { createHash } from 'node:crypto';
import type { AnyEvent } from '#contracts';

/** What it repeats, in a sentence for people. */
export interface Loop {
  readonly kind: 'repetition' | 'rounds' | 'errors';
  readonly text: string;
}

/** An action of an attempt, and when it was written, in milliseconds from any beginning. */
export interface Done {
  readonly event: AnyEvent;
  readonly at: number;
}

/**
 * So often each of the steps that it repeats must have come again, on average, with nothing new in between. Twice as often as
 * other systems ask for, which stop agents that look twice at what they have changed.
 */
const ROUNDS = 6;
/** The same once more than that: eight times in all. */
const AGAIN = 1;
/** So many failures in a row, whatever failed. */
const MOST_FAILURES = 20;
/** What took so long and then worked was waited for; time is what limits that. */
const WAITED_MS = 2000;
/** Steps that are remembered; what takes a longer way round is not found. */
const MOST_REMEMBERED = 500;

interface Step {
  readonly action: string;
  readonly result: string;
  readonly failed: boolean;
}

/** Goes through the actions of one attempt as they come. */
export class LoopDetector {
  #patience = 1;
  readonly #begun = new Map<string, { readonly words: string; readonly at: number }>();
  /** Contents that each file has had: one that comes back is nothing new. */
  readonly #contents = new Set<string>();
  /** Steps since something new was made. */
  #seen = new Set<string>();
  /** Of the last steps, those that had all been seen: how many, and which. */
  #repeats = 0;
  #distinct = new Map<string, string>();
  #failures = 0;

  /** @returns what it repeats, at the step that makes it certain; told again at the next one if it goes on */
  take({ event, at }: Done): Loop | undefined {
    const step = this.#stepOf(event, at);
    return step === undefined ? undefined : this.#follow(step);
  }

  /** A person has seen it and lets it go on: it must now do it twice as often. */
  forgive(): void {
    this.#patience *= 2;
    this.#forget();
    this.#failures = 0;
  }

  #follow({ action, result, failed }: Step): Loop | undefined {
    this.#failures = failed ? this.#failures + 1 : 0;
    const key = hash(action, result);
    if (this.#seen.has(key)) {
      this.#repeats += 1;
      this.#distinct.set(key, action);
    } else {
      this.#repeats = 0;
      this.#distinct = new Map();
      if (this.#seen.size >= MOST_REMEMBERED) this.#seen = new Set();
      this.#seen.add(key);
    }
    return this.#judge(action);
  }

  #judge(action: string): Loop | undefined {
    const different = this.#distinct.size;
    if (different > 0 && this.#repeats >= (ROUNDS * different + AGAIN) * this.#patience) {
      if (different === 1)
        return {
          kind: 'repetition',
          text: `It did the same ${this.#repeats + 1} times, with the same result: ${brief(action)}.`,
        };
      const steps = [...this.#distinct.values()].slice(0, 3).map(brief).join('; ');
      return {
        kind: 'rounds',
        text: `It goes round in ${different} steps, ${this.#repeats} in all, with nothing new: ${steps}.`,
      };
    }
    if (this.#failures < MOST_FAILURES * this.#patience) return undefined;
    return {
      kind: 'errors',
      text: `${this.#failures} of its calls failed in a row, and nothing worked in between; the last: ${brief(action)}.`,
    };
  }

  /** Undefined: it says nothing about circles. */
  #stepOf(event: AnyEvent, at: number): Step | undefined {
    switch (event.type) {
      case 'action.file-read':
        return worked(`read ${event.data.path}${pageOf(event.data.lines)}`, `${event.data.bytes}`);
      case 'action.hafs-queried':
        return worked(`search "${event.data.query}"`, `${event.data.results} ${event.data.top.join(' ')}`);
      case 'action.file-written':
        return this.#wrote(`write ${event.data.path}`, event.data.content);
      case 'action.file-deleted':
        return this.#wrote(`delete ${event.data.path}`, '');
      case 'action.command-started':
        this.#begin(event.data.callId, event.data.command, at);
        return undefined;
      case 'action.command-finished': {
        const { callId, exitCode, output } = event.data;
        const failed = exitCode !== 0;
        return this.#ended(callId, 'a command', `${exitCode} ${timeless(output.tail, failed)}`, failed, at);
      }
      case 'action.tool-called':
        return this.#called(event.data, at);
      default:
        return undefined;
    }
  }

  #called(
    { callId, tool, summary, status }: Extract<AnyEvent, { type: 'action.tool-called' }>['data'],
    at: number,
  ): Step | undefined {
    if (status === 'started') {
      this.#begin(callId, `${tool} ${summary}`, at);
      return undefined;
    }
    // Of a tool of ours it tells what it came to: only what found nothing to do is told like this.
    if (status === undefined) return worked(`${tool} ${summary}`, '');
    const failed = status === 'failed';
    return this.#ended(callId, `${tool} ${summary}`, timeless(summary, failed), failed, at);
  }

  #begin(callId: string, words: string, at: number): void {
    const [oldest] = this.#begun.keys();
    if (this.#begun.size >= MOST_REMEMBERED && oldest !== undefined) this.#begun.delete(oldest);
    this.#begun.set(callId, { words, at });
  }

  #ended(callId: string, otherwise: string, result: string, failed: boolean, at: number): Step | undefined {
    const begun = this.#begun.get(callId);
    this.#begun.delete(callId);
    if (!failed && begun !== undefined && at - begun.at >= WAITED_MS) {
      this.#failures = 0;
      return undefined;
    }
    return { action: begun?.words ?? otherwise, result, failed };
  }

  /** A content that its file has not had is work: everything may look different now. */
  #wrote(action: string, content: string): Step | undefined {
    const key = hash(action, content);
    if (this.#contents.has(key)) return worked(action, content);
    if (this.#contents.size < MOST_REMEMBERED * 100) this.#contents.add(key);
    this.#forget();
    this.#failures = 0;
    return undefined;
  }

  #forget(): void {
    this.#seen = new Set();
    this.#repeats = 0;
    this.#distinct = new Map();
  }
}

/** The first loop in the actions of an attempt. */
export const loopIn = (actions: Iterable<Done>): Loop | undefined => {
  const detector = new LoopDetector();
  for (const done of actions) {
    const loop = detector.take(done);
    if (loop !== undefined) return loop;
  }
  return undefined;
};

/** Dates, times of day, durations, ids: what differs in every answer although it is the same. A count is left as it is. */
const TIMES =
  /\d{4}-\d\d-\d\d[T _]\d\d[:_-]\d\d([:_-]\d\d)?([._,]\d+)?Z?|\b\d{1,2}:\d\d(:\d\d([.,]\d+)?)?\b|\b\d+([.,]\d+)? ?(ms|µs|s|secs?|seconds?|min|minutes?)\b|\b(duration|elapsed|time|took)(_ms)?[:= ]+[\d.]+|\b1\d{9,12}\b|\b(?=[a-f-]*\d)[\da-f]{8,}(-[\da-f]{4,})*\b/gi;

/** An answer without what tells only when it was given; what fails may hold process numbers and the like besides. */
const timeless = (text: string, failed: boolean): string => {
  const same = text.replaceAll(TIMES, '#');
  return failed ? same.replaceAll(/\d+/g, '#') : same;
};

/** Pages of a file may all be of one size. */
const pageOf = (lines: { readonly from: number; readonly to: number } | undefined): string =>
  lines === undefined ? '' : `:${lines.from}-${lines.to}`;

const worked = (action: string, result: string): Step => ({ action, result, failed: false });
const hash = (action: string, result: string): string =>
  createHash('sha256')
    .update(JSON.stringify([action, result]))
    .digest('base64');
const brief = (action: string): string => {
  const line = action.replaceAll(/\s+/g, ' ').trim();
  return line.length <= 120 ? line : `${line.slice(0, 119)}…`;
};
