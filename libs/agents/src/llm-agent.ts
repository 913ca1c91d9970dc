import { createHash } from 'node:crypto';
import type { ModelMessage } from 'ai';
import { HyperRunError, isHyperRunError } from '#contracts';
import { BaseAgent, type AgentResult, type AgentTask } from './base-agent.js';
import { definitionVersion, type LlmDefinition } from './definition.js';
import { shortened, toolMessage } from './llm/conversation.js';
import { openModel } from './llm/language-model.js';
import { LoopWatch } from './llm/loop-watch.js';
import { ModelTools } from './llm/tools.js';
import { takeTurn, type Turn, type TurnTerms } from './llm/turn.js';
import { MarkedData } from './marked-data.js';
import { prompt, promptsVersion } from './prompts.js';
import { taskPrompt } from './task-prompt.js';
import { offeredTools } from './tool-inputs.js';
import type { Toolbox } from './tools.js';

const MOST_TURNS = 100;
const LONGEST_SAID = 8000;

/**
 * A language model that works on the tree in memory, through the same tools as every agent: what it asks for is done by us,
 * in order, one call after the other. What it says of itself is reported; each of its calls is counted where it passes
 * through the service.
 */
export class LlmAgent extends BaseAgent {
  override readonly understandsWords = true;
  override readonly kind: string;
  override readonly name: string;
  override readonly role: string;
  /** Other prompts make it do other things. */
  override readonly version: string;

  constructor(
    kind: string,
    private readonly definition: LlmDefinition,
    private readonly timing: Pick<TurnTerms, 'firstWaitMs'> = {},
  ) {
    super();
    this.kind = kind;
    this.name = definition.name ?? kind;
    this.role = definition.role ?? `${definition.model.name}, works through tools on a tree in memory`;
    this.version = createHash('sha256')
      .update(definitionVersion(definition) + promptsVersion)
      .digest('hex')
      .slice(0, 12);
  }

  protected async work(task: AgentTask, tools: Toolbox, signal: AbortSignal): Promise<AgentResult> {
    const { ports } = this.session;
    if (ports.model === undefined)
      throw new HyperRunError('agent.no-model', 'There is no way to the model that this agent needs.', {}, 'operator');
    const { model, maxOutputTokens, maxTurns = MOST_TURNS } = this.definition;
    const marked = new MarkedData();
    const hands = new ModelTools(tools, marked);
    const watch = new LoopWatch();
    const terms = {
      open: await openModel(model, ports.model),
      named: { host: new URL(model.baseUrl).host, model: model.name, credential: model.credential },
      system: prompt('llm', { open: marked.open, close: marked.close }),
      tools: offeredTools(ports),
      maxOutputTokens,
      secrets: ports.secrets,
      signal,
      ...this.timing,
    };
    const root = 'reach of your tools, and named from its top';
    let messages: ModelMessage[] = [{ role: 'user', content: taskPrompt(task, { root, marked }) }];
    let changes = 0;
    for (let turns = 0; turns < maxTurns; turns += 1) {
      const { turn, asked } = await this.#turn(terms, messages);
      watch.turn(turn);
      await this.#tell(turn);
      if (turn.calls.length === 0 && turn.malformed === 0) return this.#ended(turn, changes > 0);
      messages = [...asked, ...turn.said];
      const results: { id: string; tool: string; text: string }[] = [];
      for (const { id, tool, input } of turn.calls) {
        const { text, changed } = await hands.call(tool, input);
        changes += changed ? 1 : 0;
        results.push({ id, tool, text: watch.answered(tool, input, text) });
      }
      if (results.length > 0) messages.push(toolMessage(results));
    }
    throw new HyperRunError('agent.too-many-turns', `It was not done after ${maxTurns} answers of its model.`);
  }

  /** A conversation that has grown too long for the model is shortened until it fits, or nothing is left to leave out. */
  async #turn(
    terms: Omit<TurnTerms, 'messages'>,
    messages: readonly ModelMessage[],
  ): Promise<{ readonly turn: Turn; readonly asked: readonly ModelMessage[] }> {
    let asked = messages;
    for (;;) {
      try {
        return { turn: await takeTurn({ ...terms, messages: asked }), asked };
      } catch (error) {
        const shorter = isHyperRunError(error, 'model.context-full') ? shortened(asked) : undefined;
        if (shorter === undefined) throw error;
        asked = shorter;
      }
    }
  }

  async #tell({ text, thoughts }: Turn): Promise<void> {
    for (const [said, kind] of [
      [thoughts, 'thought'],
      [text, 'message'],
    ] as const)
      // prettier-ignore
      if (said.trim() !== '')
        await this.emitEvent('action.message-said', { text: said.trim().slice(0, LONGEST_SAID), kind });
  }

  /** An answer that calls no tool is its last one. */
  #ended({ text, finish }: Turn, changed: boolean): AgentResult {
    if (finish === 'length')
      throw new HyperRunError(
        'model.answer-cut',
        'The answer of the model was cut off at its limit. Raise maxOutputTokens, or take a model that can say more.',
        {},
        'operator',
      );
    if (finish === 'content-filter')
      return { outcome: 'gave-up', summary: 'Its provider held back what the model wanted to say.' };
    const summary = text.trim() === '' ? 'It said nothing.' : text.trim().slice(0, 1000);
    return { outcome: changed ? 'done' : 'gave-up', summary };
  }
}
