import { isEventType, eventSchemas, TYPE_PREFIX } from '#contracts';
import { tell, type Tone } from '#wording';
import type { EventView } from '../api.js';
import { oneLine } from '../text.js';
import { tellingLines } from './output-end.js';
import type { Style } from './style.js';

/** What happened, in a sentence. An event of a newer service, or one that does not keep its schema, is told by its name. */
export const describe = (event: Pick<EventView, 'type' | 'data'>): readonly [Tone, string] => {
  const name = event.type.slice(TYPE_PREFIX.length);
  return !isEventType(name) || eventSchemas[name].safeParse(event.data).success
    ? tell(event)
    : ['warning', `${name} (in a form that this version does not know)`];
};

const WIDTH = 16;

/** Why the base fails, in the words of its commands: no report will tell, for the sprint pauses here. */
const ownWords = ({ type, data }: Pick<EventView, 'type' | 'data'>): string[] => {
  if (type !== `${TYPE_PREFIX}sprint.base-verified`) return [];
  const verified = eventSchemas['sprint.base-verified'].safeParse(data).data;
  const failed = verified?.steps.findLast(({ outcome }) => outcome !== 'passed');
  return verified?.outcome === 'failed' && failed !== undefined ? tellingLines(failed.output.tail, 4) : [];
};

/** Time, whom it is about, what happened: one line, and below it the output of a base that fails. */
export const renderEvent = (event: EventView, style: Style): string => {
  const [tone, text] = describe(event);
  const who = event.taskid ?? event.agentid ?? event.stream.split('-')[0] ?? '';
  const line = `${style.dim(timeOfDay(event.time))}  ${style.cyan(oneLine(who, WIDTH).padEnd(WIDTH))}  ${tones[tone](style)(oneLine(text, 300))}`;
  return [line, ...ownWords(event).map((words) => style.dim(`${' '.repeat(14)}│ ${words}`))].join('\n');
};

const timeOfDay = (time: string) => time.slice(11, 23);

const tones: Readonly<Record<Tone, (style: Style) => (text: string) => string>> = {
  good: (style) => style.green,
  bad: (style) => style.red,
  warning: (style) => style.yellow,
  quiet: (style) => style.dim,
  plain: () => (text) => text,
};
