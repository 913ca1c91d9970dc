// What becomes of agents that fail: they get no work for a while, then one task to try.
import type { AgentId, Instant } from '#contracts';
import {
  differing,
  wishOf,
  type AgentCard,
  type AgentCommand,
  type Circuit,
  type CircuitWish,
  type World,
} from '#domain';
import { duration } from '#wording';
import type { Limits, Next, Step } from './next.js';

/** Every slot of a kind is the same program: their circuits open and close together, and one alert tells of all. */
export const nextOfCircuits = (world: World, now: Instant, limits: Limits): Next => ({
  steps: [...world.circuits].flatMap(([kind, circuit]) => stepsOf(kind, circuit, world, now, limits)),
});

const stepsOf = (kind: string, circuit: Circuit, world: World, now: Instant, limits: Limits): Step[] => {
  const wish = wishOf(circuit, now, limits.circuit);
  const crew = [...world.board.agents.values()].filter((card) => card.kind === kind && card.status !== 'offline');
  const causationId = wish.type === 'open' ? wish.last?.eventId : undefined;
  return differing(crew, wish).map(({ id }) => ({
    kind: 'agent',
    agentId: id,
    command: commandFor(id, kind, crew, wish, limits),
    ...(causationId === undefined ? {} : { causationId }),
  }));
};

const commandFor = (
  id: AgentId,
  kind: string,
  crew: readonly AgentCard[],
  wish: CircuitWish,
  { circuit: { openMs } }: Limits,
): AgentCommand => {
  if (wish.type === 'closed') return { type: 'close-circuit' };
  const { failures, until, last } = wish;
  const open = { type: 'open-circuit', failures, until, ...(last && { because: last.because }) } as const;
  if (crew[0]?.id !== id) return open;
  const often = failures === 1 ? 'again when it was tried' : `${failures} times`;
  const text = `${kind} failed ${often}: its tasks wait for ${duration(openMs)}, then one of them is tried.`;
  return { ...open, alert: { alertId: `circuit-${kind}-${until}`, text } };
};
