import type { AgentCard, AgentStatus } from '#domain';

/** Trouble first, then work, then rest. */
const RANK: Readonly<Record<AgentStatus, number>> = {
  stalled: 0,
  error: 1,
  blocked: 2,
  working: 3,
  idle: 4,
  offline: 5,
};

/** No task is given to it for now. */
export const isOpen = (card: AgentCard, now: number) =>
  card.circuitOpenUntil !== undefined && card.circuitOpenUntil > now;

/** Cards in the order in which a person should look at them. Within a rank the order is by name, so that none jumps about. */
export const inOrder = (cards: Iterable<AgentCard>, now: number): AgentCard[] =>
  [...cards].toSorted((a, b) => rankOf(a, now) - rankOf(b, now) || compareNames(a.id, b.id));

const rankOf = (card: AgentCard, now: number) =>
  isOpen(card, now) ? Math.min(RANK[card.status], 1.5) : RANK[card.status];

const compareNames = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true });

export const countByStatus = (cards: Iterable<AgentCard>): ReadonlyMap<AgentStatus, number> => {
  const counts = new Map<AgentStatus, number>();
  for (const { status } of cards) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
};
