import type { Answer } from '#agents';
import { HyperRunError, Question } from '#contracts';
import type { AnsweredQuestion } from '#domain';
import type { LiveWorld } from '../world/live-world.port.js';
import type { Attempt } from './attempt.js';
import { isOurs } from './troubles.js';
import type { Waiting } from './waiting.js';

/** What the agent of one attempt asks a person, and what was answered in earlier attempts. */
export class Questions {
  /** Answered before, and not asked again in this attempt yet. */
  readonly #known: AnsweredQuestion[];

  constructor(
    private readonly attempt: Attempt,
    private readonly waiting: Waiting,
    private readonly live: LiveWorld,
  ) {
    this.#known = attempt.claimed.answers.filter((one) => !one.timedOut && !isOurs(one));
  }

  /** For an agent that reads: all that was answered before. */
  get earlier(): readonly { readonly question: string; readonly answer: string }[] {
    return this.attempt.claimed.answers
      .filter((one) => !one.timedOut && !isOurs(one))
      .map(({ question, label, text }) => ({ question, answer: [label, text].filter(Boolean).join(': ') }));
  }

  /**
   * Blocks the task until somebody has answered. What was answered in an earlier attempt, whose worker was lost, is not
   * asked a second time.
   * @throws HyperRunError tool.invalid-question; the reason of the attempt's end
   */
  async ask(asked: Question): Promise<Answer> {
    const question = wellFormed(asked);
    return this.waiting.inTurn(async () => this.#remembered(question) ?? (await this.#askPerson(question)));
  }

  #remembered({ text, options }: Question): Answer | undefined {
    const at = this.#known.findIndex(
      ({ question, choice }) =>
        question === text && (choice === undefined ? options.length === 0 : options.some(({ id }) => id === choice)),
    );
    const [answer] = at < 0 ? [] : this.#known.splice(at, 1);
    return answer === undefined ? undefined : answerOf(answer);
  }

  async #askPerson(question: Question): Promise<Answer> {
    const reason = `The agent asks: ${question.text}`.slice(0, 2000);
    await this.waiting.block({ kind: 'question', reason, question });
    const state = this.live.world.tasks.get(this.attempt.claimed.taskId);
    const answers = state !== undefined && 'answers' in state ? state.answers : [];
    const answer = answers.findLast(({ questionId }) => questionId === question.questionId);
    if (answer === undefined) throw new Error(`Question ${question.questionId} ended without an answer.`);
    return answerOf(answer);
  }
}

const answerOf = ({ choice, text, timedOut }: AnsweredQuestion): Answer => ({
  ...(choice === undefined ? {} : { choice }),
  text,
  timedOut,
});

/** Agents, programs of others among them, make up what they ask: what no event could hold is refused before it gets there. */
const wellFormed = (asked: Question): Question => {
  const parsed = Question.safeParse(asked);
  const [issue] = parsed.error?.issues ?? [];
  if (!parsed.success) throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it is malformed'}`);
  const ids = parsed.data.options.map(({ id }) => id);
  if (new Set(ids).size !== ids.length) throw invalid('options: two of them have the same id');
  return parsed.data;
};

const invalid = (why: string) => new HyperRunError('tool.invalid-question', `This cannot be asked: ${why}.`);
