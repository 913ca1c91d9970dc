import type { EventView } from '../api.js';
import type { Criterion } from './set-up.js';

/** The agent counted the calls of its tools itself, and said the number at its end. */
export const observability = (events: readonly EventView[]): Criterion => {
  const said = events
    .filter(({ type }) => type === 'hyperrun.action.message-said')
    .map(({ data }) => /^I have made (\d+) calls\.$/.exec(String(data.text))?.[1])
    .find((count) => count !== undefined);
  const told = events.filter(
    ({ type }) => type.startsWith('hyperrun.action.') || type === 'hyperrun.task.tool-refused',
  );
  return {
    name: 'Observability: every action is an event',
    shown: `the agent counted ${said ?? 'no'} calls of its tools, the log has ${told.length} events of them`,
    holds: said !== undefined && Number(said) === told.length,
  };
};
