// The tools of every agent, as a model is offered them: what they answer is marked as material.
import type { z } from 'zod';
import { HyperRunError, isHyperRunError } from '#contracts';
import type { MarkedData } from '../marked-data.js';
import { choicesOf, cutText, folderOf, INPUTS, MENDABLE, rangeOf, type ToolName } from '../tool-inputs.js';
import type { Toolbox } from '../tools.js';

const LONGEST_ANSWER = 30_000;
const MOST_PATHS = 500;

export interface Done {
  readonly text: string;
  /** It changed the tree. */
  readonly changed: boolean;
}

/** Does what a model asks for, and says what came of it. @throws what ends the attempt */
export class ModelTools {
  constructor(
    private readonly tools: Toolbox,
    private readonly marked: MarkedData,
  ) {}

  async call(tool: string, input: unknown): Promise<Done> {
    try {
      return await this.#call(tool as ToolName, input);
    } catch (error) {
      if (!isHyperRunError(error) || !MENDABLE.includes(error.code)) throw error;
      return { text: `Error: ${error.message}`, changed: false };
    }
  }

  async #call(tool: ToolName, input: unknown): Promise<Done> {
    switch (tool) {
      case 'search':
        return this.#search(INPUTS.search.parse(input));
      case 'read':
        return this.#read(INPUTS.read.parse(input));
      case 'list':
        return this.#list(INPUTS.list.parse(input));
      case 'write': {
        const { path: file, content } = INPUTS.write.parse(input);
        await this.tools.write(file, content);
        return { text: 'Written.', changed: true };
      }
      case 'edit': {
        const { path: file, oldText, newText } = INPUTS.edit.parse(input);
        await this.tools.edit(file, oldText, newText);
        return { text: 'Changed.', changed: true };
      }
      case 'delete':
        await this.tools.delete(INPUTS.delete.parse(input).path);
        return { text: 'Deleted.', changed: true };
      case 'run':
        return this.#run(INPUTS.run.parse(input));
      case 'ask':
        return this.#ask(INPUTS.ask.parse(input));
    }
    throw new HyperRunError('tool.refused', `There is no tool ${JSON.stringify(tool)}.`);
  }

  async #search({ text, limit }: z.infer<typeof INPUTS.search>): Promise<Done> {
    const results = await this.tools.query(text, limit ?? 8);
    if (results.length === 0) return told('Nothing was found.');
    const shown = results.map(({ path: file, snippetLine, snippet }) => `${file}:${snippetLine}\n${snippet}`);
    return this.#material('', shown.join('\n\n'));
  }

  async #read({ path: file, ...lines }: z.infer<typeof INPUTS.read>): Promise<Done> {
    const range = rangeOf(lines);
    const text = await this.tools.read(file, range);
    if (text === undefined) return told('There is no such file.');
    const { shown, nextLine } = cutText(text, range?.startLine ?? 1, LONGEST_ANSWER);
    if (nextLine === undefined) return this.#material('', shown);
    const leftOut = shown.endsWith('\n') ? '' : `; the rest of line ${nextLine - 1} is left out`;
    return this.#material(`Cut: read on from line ${nextLine}${leftOut}.\n`, shown);
  }

  async #list({ folder }: z.infer<typeof INPUTS.list>): Promise<Done> {
    const paths = await this.tools.list(folderOf(folder));
    if (paths.length === 0) return told('There are no files there.');
    const more = paths.length - MOST_PATHS;
    return this.#material(
      more > 0 ? `${more} more are left out: name a folder.\n` : '',
      paths.slice(0, MOST_PATHS).join('\n'),
    );
  }

  async #run({ command }: z.infer<typeof INPUTS.run>): Promise<Done> {
    const { exitCode, output } = await this.tools.run(command);
    const how = exitCode === null ? 'It was ended by a signal.' : `It ended with code ${exitCode}.`;
    return this.#material(`${how}\n`, output.length > LONGEST_ANSWER ? `…${output.slice(-LONGEST_ANSWER)}` : output);
  }

  async #ask({ question, options }: z.infer<typeof INPUTS.ask>): Promise<Done> {
    const choices = choicesOf(options);
    const answer = await this.tools.ask(question, choices);
    if (answer.timedOut) return told('Nobody answered in time. Decide for yourself.');
    const choice = choices.find(({ id }) => id === answer.choice)?.label;
    return told(`The person answers: ${[choice, answer.text].filter(Boolean).join(': ')}`);
  }

  #material(note: string, text: string): Done {
    return told(`${note}${this.marked.wrap(text)}`);
  }
}

const told = (text: string): Done => ({ text, changed: false });
