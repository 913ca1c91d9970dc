// Whether an agent may be given work: a fold over what its attempts came to. All slots of a kind are one program.
import type { AgentId, AnyEvent, EventData, EventType, Instant, TaskId, Trouble } from '#contracts';

/** A failure of an agent: in which task, what it was, and the event that tells of it. */
export interface Failure {
  readonly because: NonNullable<EventData<'agent.circuit-opened'>['because']>;
  readonly at: Instant;
  readonly eventId?: string;
}

/** Closed as long as there is no `openUntil`. Then open until that time, and from then on half open: one task may try. */
export interface Circuit {
  /** When it failed since the circuit was opened or closed last; the newest last, not more than are ever asked for. */
  readonly failures: readonly Instant[];
  readonly openUntil?: Instant;
  /** What the first attempt came to that ended after that time. */
  readonly tried?: 'failed' | 'worked';
  /** The newest failure, as long as it matters. */
  readonly last?: Failure;
}

/** By kind of agent. */
export type Circuits = ReadonlyMap<string, Circuit>;

export const noCircuits: Circuits = new Map();

/** No limit of failures is higher than this. */
export const MOST_FAILURES = 20;

const closed: Circuit = { failures: [] };

/** The only events that matter here. */
export const tellsOfCircuit = ({ type }: { readonly type: EventType }): boolean => CONCERNED.has(type);

const CONCERNED: ReadonlySet<EventType> = new Set([
  'task.stalled',
  'task.failed',
  'task.attempt-interrupted',
  'task.candidate-collected',
  'agent.circuit-opened',
  'agent.circuit-closed',
]);

type OfTask = AnyEvent & { readonly time: Instant; readonly id?: string; readonly taskId?: TaskId };

/** The circuits after one more event about an agent of this kind. The same object when it says nothing about them. */
export const evolveCircuits = (circuits: Circuits, told: OfTask, kind: string | undefined): Circuits => {
  if (kind === undefined) return circuits;
  const before = circuits.get(kind) ?? closed;
  const after = evolve(before, told);
  return after === before ? circuits : new Map(circuits).set(kind, after);
};

/** The circuits with failures that were left out of the fold until now, in their places. */
export const recallFailures = (
  circuits: Circuits,
  kind: string,
  { failures, last }: { readonly failures: readonly Instant[]; readonly last?: Failure },
): Circuits => {
  const before = circuits.get(kind) ?? closed;
  const newest = (before.last?.at ?? -Infinity) < (last?.at ?? -Infinity) ? lastOf({ last }) : {};
  const all = [...before.failures, ...failures].toSorted((a, b) => a - b).slice(-MOST_FAILURES);
  const now = before.openUntil === undefined ? all : before.failures;
  return new Map(circuits).set(kind, { ...before, failures: now, ...newest });
};

const evolve = (circuit: Circuit, told: OfTask): Circuit => {
  if (told.type === 'agent.circuit-opened') {
    const { until } = told.data;
    // In a slot that is new, for the same time: what was tried meanwhile still counts.
    return until === circuit.openUntil ? circuit : { failures: [], openUntil: until, ...lastOf(circuit) };
  }
  if (told.type === 'agent.circuit-closed') return closed;
  const result = resultOf(told);
  if (result === undefined) return circuit;
  const { openUntil, failures } = circuit;
  const last = lastOf(result === 'failed' ? { last: failureOf(told) } : circuit);
  if (openUntil === undefined)
    return result === 'worked' ? circuit : { failures: [...failures, told.time].slice(-MOST_FAILURES), ...last };
  // What began before it was opened says nothing new.
  return told.time < openUntil || circuit.tried !== undefined ? circuit : { ...circuit, ...last, tried: result };
};

const lastOf = ({ last }: Pick<Circuit, 'last'>): Pick<Circuit, 'last'> => (last === undefined ? {} : { last });

const failureOf = (told: OfTask): Failure | undefined => {
  const { taskId, id, time } = told;
  const trouble = told.type === 'task.stalled' ? 'stalled' : 'trouble' in told.data ? told.data.trouble : undefined;
  if (taskId === undefined || trouble === undefined) return undefined;
  return { because: { taskId, trouble }, at: time, ...(id === undefined ? {} : { eventId: id }) };
};

export const tellsOfFailure = (told: AnyEvent): boolean => resultOf(told) === 'failed';

/**
 * An agent failed that broke off, changed nothing, stood still or went in circles; it worked when there is something to
 * judge. What the verification, the scope, a budget, a person or the loss of a worker made of it is not its failure.
 */
const resultOf = (told: AnyEvent): Circuit['tried'] => {
  switch (told.type) {
    case 'task.candidate-collected':
      return 'worked';
    case 'task.stalled':
      return 'failed';
    case 'task.failed':
    case 'task.attempt-interrupted':
      return countsNow(told.data.trouble) ? 'failed' : undefined;
    default:
      return undefined;
  }
};

/** A stall was counted when it was noticed; who cannot be asked has done nothing. */
const countsNow = (trouble: Trouble | undefined): boolean =>
  trouble !== undefined && trouble !== 'stalled' && trouble !== 'unavailable';

/** The first of these kinds that may be given work now. */
export const firstClosed = (kinds: readonly string[], circuits: Circuits): string | undefined =>
  kinds.find((kind) => circuits.get(kind)?.openUntil === undefined);

export interface CircuitLimits {
  /** So many failures open it; 0: nothing does. */
  readonly failures: number;
  /** Failures that are older than this are forgotten. */
  readonly windowMs: number;
  readonly openMs: number;
}

/** How the circuit of a kind should stand now. */
export type CircuitWish =
  | { readonly type: 'closed' }
  | ({ readonly type: 'open'; readonly failures: number; readonly until: Instant } & Pick<Circuit, 'last'>);

export const wishOf = (circuit: Circuit, now: Instant, limits: CircuitLimits): CircuitWish => {
  const { openUntil, tried } = circuit;
  if (limits.failures === 0 || tried === 'worked') return { type: 'closed' };
  const until = now + limits.openMs;
  if (tried === 'failed') return { type: 'open', failures: 1, until, ...lastOf(circuit) };
  if (openUntil !== undefined) return { type: 'open', failures: 1, until: openUntil, ...lastOf(circuit) };
  const recent = circuit.failures.filter((at) => at > now - limits.windowMs).length;
  return recent >= limits.failures ? { type: 'open', failures: recent, until, ...lastOf(circuit) } : { type: 'closed' };
};

/** Agents whose own circuit does not stand as that of their kind should. */
export const differing = <Card extends { readonly id: AgentId; readonly circuitOpenUntil?: Instant }>(
  cards: readonly Card[],
  wish: CircuitWish,
): readonly Card[] =>
  cards.filter(({ circuitOpenUntil }) => circuitOpenUntil !== (wish.type === 'open' ? wish.until : undefined));
