// The life of one agent: a slot that does one task at a time. The rest of its life is derived from tasks: see board.ts.
import { HyperRunError, type AgentId, type EventData, type EventOf, type Instant } from '#contracts';
import { event, type Decider } from './decider.js';

export type AgentEvent = EventOf<
  | 'agent.registered'
  | 'agent.circuit-opened'
  | 'agent.circuit-closed'
  | 'agent.deregistered'
  | 'alert.raised'
  | 'alert.acknowledged'
>;

export type AgentState =
  | { readonly status: 'absent' }
  | {
      readonly status: 'registered' | 'deregistered';
      readonly agentId: AgentId;
      readonly kind: string;
      readonly name: string;
      readonly role: string;
      /** Until then it gets no task, then one to try; absent: its circuit is closed. */
      readonly openUntil?: Instant;
      /** What tells people of the open circuit. */
      readonly alertId?: string;
    };

export type AgentCommand =
  | {
      readonly type: 'register';
      readonly agentId: AgentId;
      readonly kind: string;
      readonly name: string;
      readonly role: string;
    }
  | {
      readonly type: 'open-circuit';
      readonly failures: number;
      readonly until: Instant;
      /** The failure that led to it. */
      readonly because?: EventData<'agent.circuit-opened'>['because'];
      /** Left out where that of another agent of its kind tells of it. */
      readonly alert?: { readonly alertId: string; readonly text: string };
    }
  | { readonly type: 'close-circuit' }
  | { readonly type: 'deregister'; readonly reason: string };

type Registered = Extract<AgentState, { readonly agentId: AgentId }>;

export const agent: Decider<AgentState, AgentCommand, AgentEvent> = {
  initial: { status: 'absent' },
  decide(command, state) {
    if (command.type === 'register') {
      const { agentId, kind, name, role } = command;
      const same = state.status === 'registered' && state.kind === kind && state.name === name && state.role === role;
      return same ? [] : [event('agent.registered', { agentId, kind, name, role })];
    }
    if (state.status === 'absent') throw new HyperRunError('agent.unknown', 'There is no agent with this id.');
    if (state.status === 'deregistered') return [];
    switch (command.type) {
      case 'open-circuit':
        return state.openUntil === command.until ? [] : open(command, state);
      case 'close-circuit':
        return state.openUntil === undefined ? [] : [event('agent.circuit-closed', {}), ...seen(state)];
      case 'deregister':
        return [event('agent.deregistered', { reason: command.reason }), ...seen(state)];
    }
  },
  evolve(state, told) {
    if (told.type === 'agent.registered') {
      const kept = state.status === 'absent' ? {} : circuitOf(state);
      return { ...told.data, ...kept, status: 'registered' };
    }
    if (state.status === 'absent') return state;
    switch (told.type) {
      case 'agent.deregistered':
        return { ...withoutAlert(state), status: 'deregistered' };
      case 'agent.circuit-opened':
        return { ...state, openUntil: told.data.until };
      case 'agent.circuit-closed':
        return without(state);
      case 'alert.raised':
        return state.openUntil === undefined ? state : { ...state, alertId: told.data.alertId };
      default:
        return state;
    }
  },
};

/** The alert of an open circuit takes the place of the one before. */
const open = (
  { failures, until, because, alert }: Extract<AgentCommand, { type: 'open-circuit' }>,
  state: Registered,
): AgentEvent[] => [
  event('agent.circuit-opened', { failures, until, ...(because === undefined ? {} : { because }) }),
  ...(alert === undefined
    ? []
    : [...seen(state), event('alert.raised', { ...alert, severity: 'warning', kind: 'agent-circuit-opened' })]),
];

/** Whoever works again, or is told of anew, needs nobody for what was told before. */
const seen = ({ alertId }: Registered): AgentEvent[] =>
  alertId === undefined ? [] : [event('alert.acknowledged', { alertId })];

const circuitOf = ({ openUntil, alertId }: Registered) => ({
  ...(openUntil === undefined ? {} : { openUntil }),
  ...(alertId === undefined ? {} : { alertId }),
});

const withoutAlert = ({ alertId: _alert, ...rest }: Registered): Registered => rest;

const without = ({ openUntil: _until, alertId: _alert, ...rest }: Registered): Registered => rest;
