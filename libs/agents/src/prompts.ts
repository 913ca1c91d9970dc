// What models are told, kept as files beside this one: read once, filled in one pass.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const textOf = (name: string): string => readFileSync(new URL(`./prompts/${name}`, import.meta.url), 'utf8');

const TEXTS = { task: textOf('task.md'), llm: textOf('llm.md'), tools: textOf('tools.json') } as const;

/** What each tool is for, by its name. */
export const toolDescriptions = JSON.parse(TEXTS.tools) as Readonly<Record<string, string>>;

/** Changes with every word that a model of ours is told. */
export const promptsVersion = createHash('sha256').update(JSON.stringify(TEXTS)).digest('hex').slice(0, 12);

/**
 * A prompt with its words filled in, each `{{name}}` once: what is put in is not looked through again. A section, which begins
 * with a line `# …`, is left out where a word of it is empty.
 */
export const prompt = (name: 'task' | 'llm', words: Readonly<Record<string, string>>): string =>
  fillIn(TEXTS[name], words);

/** As `prompt`, for a text that lies elsewhere. @throws Error a word of the text is not given */
export const fillIn = (text: string, words: Readonly<Record<string, string>>): string => {
  const valueOf = (word: string): string => {
    const value = words[word];
    if (value === undefined) throw new Error(`A prompt names {{${word}}}, which nobody gives.`);
    return value;
  };
  return text
    .trim()
    .split(/\n\n(?=# )/)
    .filter((section) => [...section.matchAll(WORD)].every(([, word = '']) => valueOf(word) !== ''))
    .map((section) => section.replaceAll(WORD, (_, word: string) => valueOf(word)))
    .join('\n\n');
};

const WORD = /\{\{(\w+)\}\}/g;
