// What an agent did, as lines: the beginning and the end of the same thing are one.
import type { EventData } from '#contracts';
import { clean, duration, oneLine, tell, type Tone } from '#wording';
import type { SeenEvent } from '../live/told.js';

export interface Row {
  readonly key: string;
  readonly time: number;
  readonly position: number;
  readonly tone: Tone;
  readonly text: string;
  readonly type: string;
  readonly attempt?: number;
  /** `reported`: the agent says so; nobody of ours has seen it. */
  readonly reported: boolean;
  /** Refused, failed, violated: what must not be overlooked. */
  readonly trouble: boolean;
  /** It has begun and not ended. */
  readonly open: boolean;
  readonly tookMs?: number;
  /** What it printed at its end, or said at length. */
  readonly detail?: string;
}

const TEXT = 400;
const TROUBLE = [
  'task.tool-refused',
  'task.scope-violated',
  'task.budget-exceeded',
  'task.stalled',
  'task.blocked',
  'task.verification-failed',
  'task.failed',
  'task.attempt-interrupted',
  'task.reassigned',
];

type Begins = 'action.command-started' | 'action.model-call-started' | 'action.tool-called' | 'action.permission-asked';
const BEGINS: readonly string[] = [
  'action.command-started',
  'action.model-call-started',
  'action.permission-asked',
] satisfies Begins[];
const ENDS: readonly string[] = ['action.command-finished', 'action.model-call-finished', 'action.permission-answered'];

const hasCall = (event: SeenEvent): event is SeenEvent & { readonly data: { readonly callId: string } } =>
  'callId' in event.data;

/** Beginnings and ends of one call are told apart from those of other kinds that happen to have its id. */
const callOf = (event: SeenEvent): string | undefined =>
  hasCall(event)
    ? `${event.type.replace(/-(started|finished|asked|answered)$/, '')} ${attemptOf(event) ?? ''} ${event.data.callId}`
    : undefined;

const attemptOf = ({ data }: SeenEvent): number | undefined =>
  'attempt' in data && typeof data.attempt === 'number' ? data.attempt : undefined;

const begins = (event: SeenEvent): boolean =>
  BEGINS.includes(event.type) || (event.type === 'action.tool-called' && event.data.status === 'started');
const ends = (event: SeenEvent): boolean =>
  ENDS.includes(event.type) ||
  (event.type === 'action.tool-called' && (event.data.status === 'finished' || event.data.status === 'failed'));

const rowOf = (event: SeenEvent): Row => {
  const [tone, text] = tell({ type: `hyperrun.${event.type}`, data: event.data });
  return {
    key: event.id,
    time: event.time,
    position: event.position,
    tone,
    text: oneLine(text, TEXT),
    type: event.type,
    attempt: attemptOf(event),
    reported: 'origin' in event.data && event.data.origin === 'reported',
    trouble: TROUBLE.includes(event.type),
    open: begins(event),
    ...detailOf(event),
  };
};

const detailOf = (event: SeenEvent): Pick<Row, 'detail'> => {
  switch (event.type) {
    case 'action.command-finished':
      return outputDetail(event.data);
    case 'task.verification-step-finished':
      return outputDetail(event.data.step);
    case 'action.message-said':
      return event.data.text.length > 100 ? { detail: clean(event.data.text) } : {};
    default:
      return {};
  }
};

const outputDetail = ({ output }: Pick<EventData<'action.command-finished'>, 'output'>) =>
  output.tail.trim() === '' ? {} : { detail: clean(output.tail) };

/** The end of something whose beginning is a line already. */
const endedRow = (begun: Row, event: SeenEvent): Row => {
  const end = rowOf(event);
  const tookMs = event.time - begun.time;
  return {
    ...begun,
    open: false,
    tookMs,
    tone: end.tone === 'quiet' ? begun.tone : end.tone,
    trouble: failedAt(event),
    text: oneLine(`${begun.text} · ${endText(event, end, tookMs)}`, TEXT),
    ...(end.detail === undefined ? {} : { detail: end.detail }),
  };
};

const endText = (event: SeenEvent, end: Row, tookMs: number): string => {
  switch (event.type) {
    case 'action.command-finished':
      return `${event.data.exitCode === null ? 'ended by a signal' : event.data.exitCode === 0 ? 'done' : `ended with ${event.data.exitCode}`} in ${duration(event.data.durationMs)}`;
    case 'action.tool-called':
      return `${event.data.status === 'failed' ? 'failed' : 'done'} in ${duration(tookMs)}`;
    default:
      return end.text;
  }
};

const failedAt = (event: SeenEvent): boolean =>
  (event.type === 'action.permission-answered' && event.data.outcome !== 'allowed') ||
  (event.type === 'action.model-call-finished' && event.data.error !== undefined) ||
  (event.type === 'action.tool-called' && event.data.status === 'failed');

/** Lines of a task in the order in which they began; an end changes the line of its beginning. */
export class Rows {
  readonly #rows: Row[] = [];
  readonly #open = new Map<string, number>();

  get all(): readonly Row[] {
    return this.#rows;
  }

  add(event: SeenEvent): void {
    const call = callOf(event);
    const at = call === undefined || !ends(event) ? undefined : this.#open.get(call);
    const begun = at === undefined ? undefined : this.#rows[at];
    if (call !== undefined && at !== undefined && begun !== undefined) {
      this.#rows[at] = endedRow(begun, event);
      this.#open.delete(call);
      return;
    }
    this.#rows.push(rowOf(event));
    if (call !== undefined && begins(event)) this.#open.set(call, this.#rows.length - 1);
  }
}
