import { TYPE_PREFIX, type EventType } from '#contracts';
import { sprintTexts, type Tone } from './sprint-texts.js';
import { taskTexts } from './task-texts.js';

type Texts = Readonly<Record<EventType, (data: never) => readonly [Tone, string]>>;
const texts: Texts = { ...sprintTexts, ...taskTexts };

const isTold = (name: string): name is EventType => Object.hasOwn(texts, name);

/**
 * What happened, in a sentence, and how it feels. An event of a newer service, or one in a form that this version does not
 * know, is told by its name. The sentence may quote text of others: `clean` it before it is shown.
 */
export const tell = (event: { readonly type: string; readonly data: unknown }): readonly [Tone, string] => {
  const name = event.type.startsWith(TYPE_PREFIX) ? event.type.slice(TYPE_PREFIX.length) : '';
  if (!isTold(name)) return ['plain', event.type];
  try {
    return texts[name](event.data as never);
  } catch {
    return ['warning', `${name} (in a form that this version does not know)`];
  }
};
