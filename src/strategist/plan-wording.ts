import { readFileSync } from 'node:fs';
import { Inject, Injectable } from '@nestjs/common';
import { AgentRegistry, fillIn, MarkedData, openModel, takeTurn, type LlmDefinition } from '#agents';
import { eventText, HyperRunError, type AnyEvent, type Plan, type PlannedTask } from '#contracts';
import { event, type ModelCallEvent } from '#domain';
import { CONFIG, type Config } from '../config/config.js';
import { knownSecrets } from '../config/secrets.js';
import { openModelWay } from '../tasks/model-way.port.js';
import { wordedTasks } from './worded-tasks.js';

const PROMPT = readFileSync(new URL('./prompts/word-tasks.md', import.meta.url), 'utf8');
const SHOWN_EVIDENCE = 4;
const LONGEST_CANDIDATES = 60_000;
/** Whoever waits for a plan waits no longer than this for nicer words. */
const MOST_MS = 90_000;

type Used = Omit<NonNullable<Plan['worded']>, 'model'>;

/** What came of it: tasks in the words of a model, or why there are none. */
export type Wording =
  { readonly tasks: PlannedTask[]; readonly worded: NonNullable<Plan['worded']> } | { readonly reason: string };

/** Writes that a model is called, and how that ended, into the history of the sprint. */
export type RecordCall = (call: ModelCallEvent) => Promise<void>;

export interface WordingCall {
  /** How many tasks the plan is to have. */
  readonly count: number;
  readonly focus?: string | undefined;
  readonly signal: AbortSignal;
  /** Of the analysis. */
  readonly attempt: number;
  readonly record: RecordCall;
}

/** Has a model choose, order and word tasks that the scan found. What it cannot do right it does not do at all. */
@Injectable()
export class PlanWording {
  constructor(
    private readonly agents: AgentRegistry,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Whether this service has a model for it (`HYPER_RUN_WORDED_BY`). */
  get isOn(): boolean {
    return this.config.wordedBy !== undefined;
  }

  /** @throws the reason of the signal */
  async word(
    candidates: readonly PlannedTask[],
    { count, focus = '', signal, attempt, record }: WordingCall,
  ): Promise<Wording> {
    const used: Used = { inputTokens: 0, outputTokens: 0, cost: 0 };
    const late = AbortSignal.timeout(MOST_MS);
    try {
      const { definition, planned } = this.#agent();
      const text = await this.#ask({ definition, planned, prompt: promptOf(candidates, count, focus), used, emit: telling(attempt, record) }, AbortSignal.any([signal, late])); // prettier-ignore
      return { tasks: wordedTasks(text, candidates, count), worded: { model: definition.model.name, ...used } };
    } catch (error) {
      signal.throwIfAborted();
      const why = late.aborted
        ? `The model did not answer within ${MOST_MS / 1000} s.`
        : error instanceof Error
          ? error.message
          : String(error);
      return { reason: eventText(`Not worded by a model: ${why}${costOf(used)}`, knownSecrets()).slice(0, 2000) };
    }
  }

  #agent() {
    const { definition, planned } = this.agents.describe(this.config.wordedBy ?? '');
    if (definition?.type === 'llm') return { definition, planned };
    throw new HyperRunError(
      'config.invalid',
      `HYPER_RUN_WORDED_BY: ${planned.kind} is no agent of type llm.`,
      {},
      'operator',
    );
  }

  async #ask(
    {
      definition,
      planned,
      prompt,
      used,
      emit,
    }: {
      readonly definition: LlmDefinition;
      readonly planned: Parameters<typeof openModelWay>[0]['planned'];
      readonly prompt: ReturnType<typeof promptOf>;
      used: { -readonly [Name in keyof Used]: number };
      readonly emit: ReturnType<typeof telling>;
    },
    signal: AbortSignal,
  ): Promise<string> {
    const { model } = definition;
    const spend = async ({ inputTokens, outputTokens, cost }: Used) => {
      used.inputTokens += inputTokens;
      used.outputTokens += outputTokens;
      used.cost += cost;
    };
    const ports = { attempt: 1, signal, spend, emit, refuse: () => undefined };
    const way = await openModelWay({ model, planned, workplace: 'tree' }, ports, this.config);
    try {
      const { text } = await takeTurn({
        open: await openModel(model, way.access),
        named: { host: planned?.host ?? '', model: model.name, credential: model.credential },
        system: 'You answer in JSON.',
        messages: [{ role: 'user', content: prompt }],
        secrets: knownSecrets(),
        maxOutputTokens: definition.maxOutputTokens,
        signal,
      });
      return text;
    } finally {
      await way.close();
      await way.settled();
    }
  }
}

/** The events of a call belong to no task here: they are told of the sprint. */
const telling = (attempt: number, record: RecordCall) => async (told: AnyEvent) => {
  if (told.type === 'action.model-call-started') {
    const { callId, model, host } = told.data;
    await record(event('sprint.model-call-started', { attempt, callId, model, host }));
  }
  if (told.type === 'action.model-call-finished') {
    const { origin: _, ...data } = told.data;
    await record(event('sprint.model-call-finished', { ...data, attempt }));
  }
};

const promptOf = (candidates: readonly PlannedTask[], count: number, focus: string): string => {
  const marked = new MarkedData();
  const each = Math.floor(LONGEST_CANDIDATES / Math.max(1, candidates.length));
  const tasks = candidates.map(({ taskId, ...task }) => `${taskId}\n${marked.wrap(factsOf(task).slice(0, each))}`);
  const words = { open: marked.open, close: marked.close, tasks: tasks.join('\n'), focus, count: String(count) };
  return fillIn(PROMPT, words);
};

const factsOf = ({ title, rationale, evidence, score }: Omit<PlannedTask, 'taskId'>): string => {
  const shown = evidence.slice(0, SHOWN_EVIDENCE);
  return [
    `${title} (score ${score.total})`,
    rationale,
    ...shown.map(({ path, range, message, excerpt }) => `- ${path}:${range.startLine} ${message}\n    ${excerpt}`),
    ...(evidence.length > shown.length ? [`… and ${evidence.length - shown.length} more`] : []),
  ].join('\n');
};

const costOf = ({ inputTokens, outputTokens, cost }: Used): string =>
  inputTokens + outputTokens === 0 ? '' : ` It used ${inputTokens + outputTokens} tokens, $${cost.toFixed(4)}.`;
