// What was taken out of one stream, and what is still to be.
import type { AnyEvent, EventData } from '#contracts';
import { event, type Decider } from './decider.js';

export type RedactionRequest = EventData<'event.redaction-requested'>;

export type RedactionCommand =
  | { readonly type: 'request'; readonly request: RedactionRequest }
  /** `beside`: what is recorded of the same stream at the same moment. */
  | { readonly type: 'finish'; readonly eventId: string; readonly beside: readonly AnyEvent[] };

export interface Redactions {
  readonly requested: ReadonlyMap<string, RedactionRequest>;
  readonly done: ReadonlySet<string>;
}

export const redaction: Decider<Redactions, RedactionCommand, AnyEvent> = {
  initial: { requested: new Map(), done: new Set() },
  decide: (command, { requested, done }) => {
    if (command.type === 'request')
      return requested.has(command.request.eventId) ? [] : [event('event.redaction-requested', command.request)];
    const wanted = requested.get(command.eventId);
    if (wanted === undefined || done.has(command.eventId)) return [];
    const { eventId, version, digest, reason } = wanted;
    return [event('event.redacted', { eventId, version, digest, reason }), ...command.beside];
  },
  evolve: (state, told) => {
    if (told.type === 'event.redaction-requested')
      return { ...state, requested: new Map(state.requested).set(told.data.eventId, told.data) };
    return told.type === 'event.redacted' ? { ...state, done: new Set([...state.done, told.data.eventId]) } : state;
  },
};
