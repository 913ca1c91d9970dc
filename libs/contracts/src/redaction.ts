import { eventSchemas, type AnyEvent, type EventType } from './events.js';
import { Sha256 } from './ids.js';

/** What stands where a text was taken out. */
export const REDACTED = '[redacted]';

/**
 * The free texts of each type of event: what may be taken out of it without a state changing in anything but its words. All
 * else is a fact: which task, which commit, which hash, what was approved. `*`: every entry of a list.
 */
const TEXTS: Readonly<Partial<Record<EventType, readonly string[]>>> = {
  'repository.finding-dismissed': ['reason'],
  'sprint.plan-requested': ['focus', 'changes.comment', 'followTask.evidence.*.excerpt'],
  'sprint.analysis-interrupted': ['reason'],
  'sprint.model-call-finished': ['error'],
  'sprint.analysis-failed': ['reason'],
  'sprint.plan-proposed': ['plan.tasks.*.evidence.*.excerpt'],
  'sprint.plan-edited': ['plan.tasks.*.evidence.*.excerpt', 'summary'],
  'sprint.plan-rejected': ['reason'],
  'sprint.base-verification-interrupted': ['reason'],
  'sprint.base-verified': ['reason', 'steps.*.output.tail'],
  'sprint.pausing': ['reason'],
  'sprint.paused': ['reason'],
  'sprint.cancelled': ['reason'],
  'sprint.integration-interrupted': ['reason'],
  'sprint.integration-failed': ['reason', 'steps.*.output.tail'],
  'sprint.integration-decided': ['steps.*.output.tail'],
  'sprint.integrated': ['steps.*.output.tail'],
  'sprint.archived': ['left.alerts.*.text'],
  'task.queued': ['task.evidence.*.excerpt'],
  'task.declined': ['task.evidence.*.excerpt'],
  'task.attempt-interrupted': ['reason'],
  'task.reassigned': ['reason'],
  'task.blocked': ['reason', 'question.text', 'question.options.*.label'],
  'task.answered': ['text'],
  'task.tool-refused': ['path', 'reason'],
  'task.scope-violated': ['violations.*.path'],
  'task.verification-step-finished': ['step.output.tail'],
  'task.verification-failed': ['reason'],
  'task.failed': ['reason'],
  'task.cancelled': ['reason'],
  'task.discarded': ['reason'],
  'action.hafs-queried': ['query', 'top.*'],
  'action.file-read': ['path'],
  'action.file-written': ['path'],
  'action.file-deleted': ['path'],
  'action.command-started': ['command'],
  'action.command-finished': ['output.tail'],
  'action.model-call-finished': ['error'],
  'action.tool-called': ['summary', 'paths.*'],
  'action.permission-asked': ['summary', 'options.*.label'],
  'action.permission-answered': ['reason'],
  'action.message-said': ['text'],
  'action.session-updated': ['summary'],
  'agent.deregistered': ['reason'],
  'alert.raised': ['text'],
};

/** Bodies that an event refers to, and that go when its texts do. */
const BODIES: Readonly<Partial<Record<EventType, readonly string[]>>> = {
  'sprint.base-verified': ['steps.*.output.artifact'],
  'sprint.integration-failed': ['steps.*.output.artifact'],
  'sprint.integration-decided': ['steps.*.output.artifact'],
  'sprint.integrated': ['steps.*.output.artifact'],
  'task.candidate-collected': ['patch'],
  'task.verification-step-finished': ['step.output.artifact'],
  'action.command-finished': ['output.artifact'],
  'action.file-written': ['content'],
};

export interface RedactedEvent {
  /** The data in their shape, without their texts. */
  readonly left: unknown;
  /** What was taken out, as `step.output.tail`. */
  readonly fields: readonly string[];
  readonly artifacts: readonly Sha256[];
}

/** An event without its free texts; of today's schema, as it was. `fields` and `artifacts` are empty where it has none. */
export const redactEvent = ({ type, data }: AnyEvent): RedactedEvent => {
  const left: unknown = structuredClone(data);
  const fields = (TEXTS[type] ?? []).flatMap((path) => [...replaceAt(left, path.split('.'), [])]);
  const artifacts = (BODIES[type] ?? []).flatMap((path) => valuesAt(left, path.split('.')));
  eventSchemas[type].parse(left);
  return { left, fields, artifacts: [...new Set(artifacts.map((value) => Sha256.parse(value)))] };
};

export type BodyKind = 'outputs' | 'patches';

/** The artefacts that an event refers to, by what they are. */
export const bodiesOf = ({ type, data }: AnyEvent): { readonly kind: BodyKind; readonly sha: Sha256 }[] =>
  (BODIES[type] ?? [])
    .flatMap((path) => valuesAt(data, path.split('.')))
    .map((value) => ({ kind: type === 'task.candidate-collected' ? 'patches' : 'outputs', sha: Sha256.parse(value) }));

type Holder = Record<string, unknown>;

const holder = (value: unknown): Holder | undefined =>
  typeof value === 'object' && value !== null ? (value as Holder) : undefined;

const namesIn = (value: Holder, name: string): string[] =>
  name === '*' ? Object.keys(value) : Object.hasOwn(value, name) ? [name] : [];

function* replaceAt(value: unknown, [name = '', ...rest]: readonly string[], at: readonly string[]): Generator<string> {
  const inner = holder(value);
  if (inner === undefined) return;
  for (const found of namesIn(inner, name)) {
    if (rest.length > 0) yield* replaceAt(inner[found], rest, [...at, found]);
    else if (typeof inner[found] === 'string' && inner[found] !== REDACTED) {
      inner[found] = REDACTED;
      yield [...at, found].join('.');
    }
  }
}

const valuesAt = (value: unknown, [name = '', ...rest]: readonly string[]): unknown[] => {
  const inner = holder(value);
  if (inner === undefined) return [];
  const found = namesIn(inner, name).map((key) => inner[key]);
  return rest.length === 0 ? found.filter((one) => one !== undefined) : found.flatMap((one) => valuesAt(one, rest));
};
