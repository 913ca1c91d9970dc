// How agents and alerts look from outside.
import type { AgentCard, Alert } from '#domain';
import type { IsolationOf } from './agent-isolation.port.js';
import { AlertView, type AgentView } from './swarm.schema.js';

export { AlertView };

const iso = (time: number) => new Date(time).toISOString();

export const agentView = (card: AgentCard, isolationOf: IsolationOf): AgentView => ({
  ...card,
  isolation: isolationOf(card.kind),
  lastSeen: iso(card.lastSeen),
  lastProgress: card.lastProgress === undefined ? undefined : iso(card.lastProgress),
});

export const alertView = (alert: Alert): AlertView => ({ ...alert, time: iso(alert.time) });
