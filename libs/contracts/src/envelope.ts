import type { AnyEvent } from './events.js';
import type { Recorded } from './recorded.js';

/** CloudEvents 1.0, structured JSON: the one shape of an event at every edge. Positions are strings. */
export interface Envelope {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  /** `hyperrun.` + the name of the event. */
  readonly type: string;
  readonly subject?: string;
  readonly datacontenttype: 'application/json';
  readonly sprintid?: string;
  readonly taskid?: string;
  readonly agentid?: string;
  readonly stream: string;
  readonly schemaversion: string;
  readonly actor: string;
  readonly correlationid?: string;
  readonly causationid?: string;
  readonly data: AnyEvent['data'];
  readonly time: string;
  readonly streamversion: string;
  readonly position: string;
}

export const TYPE_PREFIX = 'hyperrun.';

/** `/sprints/<id>`, `/tasks/<id>` …: the stream as a path. */
export const sourceOf = (stream: string): string => {
  const dash = stream.indexOf('-');
  return dash < 0 ? `/${stream}` : `/${pluralOf(stream.slice(0, dash))}/${stream.slice(dash + 1)}`;
};

const pluralOf = (category: string) => (category === 'repository' ? 'repositories' : `${category}s`);

/** Everything of an envelope that its writer knows, in the order in which it is written; the log adds the rest. */
export const envelopeHead = (event: Omit<Recorded, 'version' | 'position' | 'time'>) => ({
  specversion: '1.0' as const,
  id: event.id,
  source: sourceOf(event.stream),
  type: TYPE_PREFIX + event.type,
  subject: event.taskId ?? event.sprintId ?? event.agentId,
  datacontenttype: 'application/json' as const,
  sprintid: event.sprintId,
  taskid: event.taskId,
  agentid: event.agentId,
  stream: event.stream,
  schemaversion: String(event.schemaVersion),
  actor: event.actor,
  correlationid: event.correlationId,
  causationid: event.causationId,
  data: event.data,
});

/** The envelope of a stored event, byte for byte what the feed carried when it is serialised by `JSON.stringify`. */
export const toEnvelope = (event: Recorded): Envelope => ({
  ...envelopeHead(event),
  time: new Date(event.time).toISOString(),
  streamversion: String(event.version),
  position: String(event.position),
});
