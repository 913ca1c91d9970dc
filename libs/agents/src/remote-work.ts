// What the other side of a remote agent may ask for while it has a task.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { HyperRunError, isHyperRunError } from '#contracts';
import type { AgentResult, AgentTask } from './base-agent.js';
import { taskPrompt } from './task-prompt.js';
import { choicesOf, cutText, folderOf, INPUTS, MENDABLE, offeredTools, rangeOf, type ToolName } from './tool-inputs.js';
import type { ActionType, ToolSession } from './tool-session.js';
import type { Toolbox, Usage } from './tools.js';

/** Where the other side is let in, for as long as the attempt lasts. */
export interface RemoteDesk {
  open(work: RemoteWork): void;
}

/** All that it is told of its task. */
export interface RemoteBrief extends AgentTask {
  /** The same in words, ready for a model; what comes from the repository stands between marks. */
  readonly prompt: string;
  readonly tools: readonly { readonly name: string; readonly description: string; readonly inputSchema: object }[];
}

const LONGEST_TEXT = 100_000;
const LONGEST_OUTPUT = 30_000;
const MOST_PATHS = 5000;
const LONGEST_NOTE = 2000;

export class RemoteWork {
  /** Settles when the work is handed in, or cannot go on. */
  readonly ended: Promise<AgentResult>;
  #resolve: (result: AgentResult) => void = () => undefined;
  #reject: (reason: unknown) => void = () => undefined;
  #isOver = false;
  #row: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly task: AgentTask,
    private readonly tools: Toolbox,
    private readonly session: ToolSession,
  ) {
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.ended.catch(() => undefined);
  }

  /** It was handed in, or its attempt has ended: nothing more can be asked for. */
  get isOver(): boolean {
    return this.#isOver || this.session.signal.aborted;
  }

  get brief(): RemoteBrief {
    const { task } = this;
    const tools = Object.entries(offeredTools(this.session.ports)).map(([name, { description, inputSchema }]) => ({
      name,
      description,
      inputSchema: z.toJSONSchema(inputSchema),
    }));
    const root = 'reach of your tools, and named from its top';
    return { ...task, prompt: taskPrompt(task, { root }), tools };
  }

  /**
   * Carries out one call of a tool, after those before it.
   * @throws HyperRunError request.invalid: there is no such tool, or its input does not fit; what the tool throws
   */
  async act(tool: string, input: unknown): Promise<object> {
    if (!isTool(tool)) throw invalid([{ field: 'tool', message: `expected one of ${Object.keys(ACTS).join(', ')}` }]);
    const call = ACTS[tool](input);
    return this.#inTurn(() => call(this.tools));
  }

  /** A sign of life, and what the agent says of itself, if anything: a note, and what its model has used since it said so last. */
  async progress(note?: string, usage?: Usage): Promise<void> {
    this.session.signal.throwIfAborted();
    if (note !== undefined) {
      const text = this.session.text(note, LONGEST_NOTE);
      await this.#report('action.message-said', { text, kind: 'message' });
    }
    if (usage !== undefined)
      await this.#report('action.model-call-finished', { ...usage, callId: randomUUID(), durationMs: 0 });
    this.session.ports.progress?.();
  }

  /** Applies the patch, if there is one, and ends the work. @throws what `Toolbox.patch` throws: then the work goes on */
  submit(result: AgentResult, patch?: string): Promise<object> {
    return this.#inTurn(async () => {
      const changed = patch === undefined ? [] : await this.tools.patch(patch);
      await this.session.admit();
      this.#isOver = true;
      this.#resolve(result);
      return patch === undefined ? {} : { changed };
    });
  }

  /** It happened, so it is told even while paused. */
  async #report(type: ActionType, payload: Readonly<Record<string, unknown>>): Promise<void> {
    await this.session.count();
    await this.session.act(type, 'reported', payload);
  }

  async #inTurn(work: () => Promise<object>): Promise<object> {
    const turn = this.#row.then(() => {
      this.session.signal.throwIfAborted();
      return work();
    });
    this.#row = turn.catch(() => undefined);
    try {
      return await turn;
    } catch (error) {
      if (!isHyperRunError(error) || !MENDABLE.includes(error.code)) this.#reject(error);
      throw error;
    }
  }
}

type Act = (tools: Toolbox) => Promise<object>;

/** Looks at the input when it comes in; the work is done later. */
const act =
  <Input>(
    schema: z.ZodType<Input> & { readonly shape: object },
    work: (tools: Toolbox, input: Input) => Promise<object>,
  ) =>
  (input: unknown): Act => {
    const unknown = Object.keys(input ?? {}).filter((name) => !Object.hasOwn(schema.shape, name));
    if (unknown.length > 0)
      throw invalid(unknown.map((name) => ({ field: `input.${name}`, message: 'there is no such field' })));
    const parsed = schema.safeParse(input);
    if (parsed.success) return (tools) => work(tools, parsed.data);
    throw invalid(
      parsed.error.issues.map(({ path, message }) => ({ field: ['input', ...path].map(String).join('.'), message })),
    );
  };

const nothing = async (done: Promise<void>): Promise<object> => {
  await done;
  return {};
};

const ACTS: { readonly [Tool in ToolName]: (input: unknown) => Act } = {
  search: act(INPUTS.search, async (tools, { text, limit }) => {
    const results = await tools.query(text, limit ?? 8);
    return { results: results.map(({ path, snippetLine, snippet }) => ({ path, line: snippetLine, snippet })) };
  }),
  read: act(INPUTS.read, async (tools, { path, ...lines }) => {
    const range = rangeOf(lines);
    const text = await tools.read(path, range);
    if (text === undefined) return { text: null };
    const { shown, nextLine } = cutText(text, range?.startLine ?? 1, LONGEST_TEXT);
    return { text: shown, ...(nextLine === undefined ? {} : { nextLine }) };
  }),
  list: act(INPUTS.list, async (tools, { folder }) => {
    const paths = await tools.list(folderOf(folder));
    return { paths: paths.slice(0, MOST_PATHS), more: Math.max(0, paths.length - MOST_PATHS) };
  }),
  write: act(INPUTS.write, (tools, { path, content }) => nothing(tools.write(path, content))),
  edit: act(INPUTS.edit, (tools, { path, oldText, newText }) => nothing(tools.edit(path, oldText, newText))),
  delete: act(INPUTS.delete, (tools, { path }) => nothing(tools.delete(path))),
  run: act(INPUTS.run, async (tools, { command }) => {
    const { exitCode, output, durationMs } = await tools.run(command);
    return { exitCode, output: output.slice(-LONGEST_OUTPUT), durationMs };
  }),
  ask: act(INPUTS.ask, async (tools, { question, options }) => {
    const choices = choicesOf(options);
    const { choice, text, timedOut } = await tools.ask(question, choices);
    const label = choices.find(({ id }) => id === choice)?.label;
    return { ...(label === undefined ? {} : { choice: label }), text, timedOut };
  }),
};

const isTool = (name: string): name is ToolName => Object.hasOwn(ACTS, name);

const invalid = (errors: readonly { readonly field: string; readonly message: string }[]): HyperRunError => {
  const sentences = errors.map(({ field, message }) => `${field}: ${message}.`);
  return new HyperRunError('request.invalid', sentences.slice(0, 10).join(' '), { errors });
};
