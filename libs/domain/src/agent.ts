// The life of one agent: a slot that does one task at a time. The rest of its life is derived from tasks: see board.ts.
import { HyperRunError, type AgentId, type EventOf } from '#contracts';
import { event, type Decider } from './decider.js';

export type AgentEvent = EventOf<
  'agent.registered' | 'agent.circuit-opened' | 'agent.circuit-closed' | 'agent.deregistered'
>;

export type AgentState =
  | { readonly status: 'absent' }
  | {
      readonly status: 'registered' | 'deregistered';
      readonly agentId: AgentId;
      readonly kind: string;
      readonly name: string;
      readonly role: string;
      /** While its circuit is open it gets no task. */
      readonly openUntil?: number;
    };

export type AgentCommand =
  | {
      readonly type: 'register';
      readonly agentId: AgentId;
      readonly kind: string;
      readonly name: string;
      readonly role: string;
    }
  | { readonly type: 'deregister'; readonly reason: string };

export const agent: Decider<AgentState, AgentCommand, AgentEvent> = {
  initial: { status: 'absent' },
  decide(command, state) {
    if (command.type === 'register') {
      const { agentId, kind, name, role } = command;
      const same = state.status === 'registered' && state.kind === kind && state.name === name && state.role === role;
      return same ? [] : [event('agent.registered', { agentId, kind, name, role })];
    }
    if (state.status === 'absent') throw new HyperRunError('agent.unknown', 'There is no agent with this id.');
    return state.status === 'deregistered' ? [] : [event('agent.deregistered', { reason: command.reason })];
  },
  evolve(state, told) {
    switch (told.type) {
      case 'agent.registered':
        return { status: 'registered', ...told.data };
      case 'agent.deregistered':
        return state.status === 'absent' ? state : { ...state, status: 'deregistered' };
      case 'agent.circuit-opened':
        return state.status === 'absent' ? state : { ...state, openUntil: told.data.until };
      case 'agent.circuit-closed':
        return state.status === 'absent' ? state : { ...state, openUntil: undefined };
      default:
        return state;
    }
  },
};
