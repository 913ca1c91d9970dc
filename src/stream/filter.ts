import type { Frame } from './frame.js';

/** What a client wants to see. Nothing named: everything. */
export interface Filter {
  readonly sprints: readonly string[];
  readonly agents: readonly string[];
  readonly types: readonly string[];
}

export type Wanted = Pick<Frame, 'type' | 'sprintId' | 'agentId'>;

export const isOpen = (filter: Filter): boolean =>
  filter.sprints.length === 0 && filter.agents.length === 0 && filter.types.length === 0;

export const wants = (filter: Filter, event: Wanted): boolean =>
  among(filter.sprints, event.sprintId) && among(filter.agents, event.agentId) && among(filter.types, event.type);

const among = (wanted: readonly string[], found: string | undefined) =>
  wanted.length === 0 || (found !== undefined && wanted.includes(found));

/** Clients with the same filter share what is written to them. */
export const filterKey = (filter: Filter): string =>
  JSON.stringify([filter.sprints, filter.agents, filter.types].map((list) => list.toSorted()));
