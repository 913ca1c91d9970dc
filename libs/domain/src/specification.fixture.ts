// given(events).when(command).then(events): how the rules are told in tests.
import { isHyperRunError, type AnyEvent, type Version } from '#contracts';
import { fold, type Decider, type Told } from './decider.js';

/** Gives each event a version and a time, one second apart. */
export const told = (events: readonly AnyEvent[], from = 0): Told[] =>
  events.map((event, index) => ({
    ...event,
    version: (from + index + 1) as Version,
    time: (from + index + 1) * 1000,
    actor: 'person:ada',
  }));

export const specify = <State, Command, E extends AnyEvent>(decider: Decider<State, Command, E>) => ({
  given: (...events: readonly AnyEvent[]) => {
    const state = fold<State>(decider, told(events));
    return {
      state,
      when: (command: Command) => ({
        events: () => decider.decide(command, state),
        /** The code of the refusal, or undefined when it happens. */
        refusal: (): string | undefined => {
          try {
            decider.decide(command, state);
            return undefined;
          } catch (error) {
            if (isHyperRunError(error)) return error.code;
            throw error;
          }
        },
        state: () => fold<State>(decider, told(decider.decide(command, state), events.length), state),
      }),
    };
  },
});
