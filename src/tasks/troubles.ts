import { randomUUID } from 'node:crypto';
import type { Loop } from '#agents';
import { HyperRunError, type Question, type Trouble, type TroublePolicy } from '#contracts';
import { mayBeTried, policyFor, type AnsweredQuestion } from '#domain';
import type { LiveWorld } from '../world/live-world.port.js';
import type { Attempt } from './attempt.js';
import { TaskFailure } from './task-failure.js';
import type { Waiting } from './waiting.js';

/** What is to become of a task: nobody is asked any more. */
export type Verdict = Exclude<TroublePolicy, 'ask'>;

const OURS = 'trouble-';
const GO_ON = { id: 'go-on', label: 'Let it go on' };
const RETRY = { id: 'retry', label: 'Stop it and try again' };
const GIVE_UP = { id: 'give-up', label: 'Give the task up' };

/** Questions that the service asks about an agent: no agent asked them. */
export const isOurs = ({ questionId }: Pick<AnsweredQuestion, 'questionId'>): boolean => questionId.startsWith(OURS);

/** Decides, by the policy of the plan or by a person, what becomes of an attempt whose agent got into trouble. */
export class Troubles {
  constructor(
    private readonly attempt: Attempt,
    private readonly live: LiveWorld,
    private readonly waiting: Waiting,
    /** Whether anybody can be asked. */
    private readonly attended: boolean,
  ) {}

  /**
   * A person who was asked in an earlier attempt, whose worker was lost meanwhile, has given it up.
   * @throws TaskFailure
   */
  static heed({ claimed: { answers } }: Attempt): void {
    const last = answers.at(-1);
    if (last === undefined || !isOurs(last) || (last.choice !== GIVE_UP.id && !last.timedOut)) return;
    throw new TaskFailure('agent-failed', `${last.question} ${endedBy(last)}`);
  }

  /** The agent has come to nothing. */
  async verdict(trouble: Trouble, what: string): Promise<Verdict> {
    const policy = policyFor(trouble, this.attempt.claimed.spec.troubles);
    if (policy === 'give-up' || (policy === 'retry' && this.#mayRetry())) return policy;
    if (policy === 'retry' || !this.attended) return 'give-up';
    const options = this.#mayRetry() ? [RETRY, GIVE_UP] : [GIVE_UP];
    const { choice } = await this.waiting.inTurn(() => this.#ask(what, options));
    return choice === RETRY.id ? 'retry' : 'give-up';
  }

  /**
   * The agent goes in circles. Resolves when it may go on all the same.
   * @throws HyperRunError agent.looping, with the verdict where a person has given one
   */
  looping({ text, kind }: Loop): Promise<void> {
    const policy = policyFor('looping', this.attempt.claimed.spec.troubles);
    const stop = (verdict?: Verdict, words = '') =>
      new HyperRunError('agent.looping', `${text}${words}`, { kind, ...(verdict === undefined ? {} : { verdict }) });
    if (policy !== 'ask') return Promise.reject(stop());
    if (!this.attended) return Promise.reject(stop('give-up'));
    return this.waiting.inTurn(async () => {
      const options = this.#mayRetry() ? [GO_ON, RETRY, GIVE_UP] : [GO_ON, GIVE_UP];
      const answer = await this.#ask(`The agent goes in circles. ${text}`, options);
      if (answer.choice === GO_ON.id) return;
      throw answer.choice === RETRY.id ? stop('retry') : stop('give-up', ` ${endedBy(answer)}`);
    });
  }

  #mayRetry(): boolean {
    const state = this.live.world.tasks.get(this.attempt.claimed.taskId);
    return state !== undefined && 'excused' in state && mayBeTried(state);
  }

  async #ask(what: string, options: Question['options']): Promise<AnsweredQuestion> {
    const questionId = `${OURS}${randomUUID()}`;
    const text = `${what.slice(0, 1900)} What is to become of it?`;
    await this.waiting.block({ kind: 'question', reason: text, question: { questionId, text, options } });
    const state = this.live.world.tasks.get(this.attempt.claimed.taskId);
    const answers = state !== undefined && 'answers' in state ? state.answers : [];
    const answer = answers.findLast((one) => one.questionId === questionId);
    if (answer === undefined) throw new Error(`Question ${questionId} ended without an answer.`);
    return answer;
  }
}

const endedBy = ({ timedOut }: Pick<AnsweredQuestion, 'timedOut'>): string =>
  timedOut ? 'Nobody answered in time.' : 'A person has given it up.';
