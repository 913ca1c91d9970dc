import { randomUUID } from 'node:crypto';
import type { Loop } from '#agents';
import { HyperRunError, type Question, type Trouble } from '#contracts';
import { fallbacksOf, mayBeTried, nextAgentOf, policyFor, type AnsweredQuestion, type Handover } from '#domain';
import type { LiveWorld } from '../world/live-world.port.js';
import type { Attempt } from './attempt.js';
import { TaskFailure, type Verdict } from './task-failure.js';
import type { Waiting } from './waiting.js';

const OURS = 'trouble-';
const GO_ON = { id: 'go-on', label: 'Let it go on' };
const RETRY = { id: 'retry', label: 'Stop it and try again' };
const GIVE_UP = { id: 'give-up', label: 'Give the task up' };
const giveTo = (kind: string) => ({ id: `to-${kind}`, label: `Give it to ${kind}` });

/** Questions that the service asks about an agent: no agent asked them. */
export const isOurs = ({ questionId }: Pick<AnsweredQuestion, 'questionId'>): boolean => questionId.startsWith(OURS);

/** Decides, by the policy of the plan or by a person, what becomes of an attempt whose agent got into trouble. */
export class Troubles {
  /** What a person has said about the circles of this attempt. */
  said?: Verdict;

  constructor(
    private readonly attempt: Attempt,
    private readonly live: LiveWorld,
    private readonly waiting: Waiting,
    /** Whether anybody can be asked. */
    private readonly attended: boolean,
  ) {}

  /**
   * A person who was asked in an earlier attempt, whose worker was lost meanwhile, has given it up, or to another agent.
   * @throws TaskFailure
   */
  static heed({ claimed }: Attempt): void {
    const last = claimed.answers.at(-1);
    if (last === undefined || !isOurs(last)) return;
    if (last.choice === GIVE_UP.id || last.timedOut)
      throw new TaskFailure('agent-failed', `${last.question} ${endedBy(last)}`);
    const to = fallbacksOf(claimed).find((kind) => last.choice === giveTo(kind).id);
    if (to === undefined) return;
    throw new TaskFailure('agent-failed', last.question, 'crashed', { to, trouble: 'crashed', by: 'person' });
  }

  /** The agent has come to nothing. */
  async verdict(trouble: Trouble, what: string): Promise<Verdict> {
    const policy = policyFor(trouble, this.attempt.claimed.spec.troubles);
    const next = this.#next(trouble, 'policy');
    if (policy === 'reassign' && next !== undefined) return next;
    // Whoever is not there is not there the next time either.
    if (policy === 'give-up' || trouble === 'unavailable') return 'give-up';
    if (policy === 'retry') return this.#mayRetry() ? 'retry' : 'give-up';
    if (!this.attended) return 'give-up';
    const { choice } = await this.waiting.inTurn(() => this.#ask(what, this.#options(trouble)));
    return this.#chosen(choice, trouble);
  }

  /**
   * The agent goes in circles. Resolves when it may go on all the same.
   * @throws HyperRunError agent.looping; what a person has said to that is in `said`
   */
  looping({ text, kind }: Loop): Promise<void> {
    const policy = policyFor('looping', this.attempt.claimed.spec.troubles);
    const stop = (words = '') => new HyperRunError('agent.looping', `${text}${words}`, { kind });
    const decided = policy !== 'ask' && (policy !== 'reassign' || this.#next('looping', 'policy') !== undefined);
    if (decided || !this.attended) return Promise.reject(stop());
    return this.waiting.inTurn(async () => {
      const answer = await this.#ask(`The agent goes in circles. ${text}`, [GO_ON, ...this.#options('looping')]);
      if (answer.choice === GO_ON.id) return;
      this.said = this.#chosen(answer.choice, 'looping');
      throw this.said === 'give-up' ? stop(` ${endedBy(answer)}`) : stop();
    });
  }

  #options(trouble: Trouble): Question['options'] {
    const next = this.#next(trouble, 'person');
    return [...(this.#mayRetry() ? [RETRY] : []), ...(next === undefined ? [] : [giveTo(next.to)]), GIVE_UP];
  }

  #chosen(choice: string | undefined, trouble: Trouble): Verdict {
    if (choice === RETRY.id) return 'retry';
    const to = fallbacksOf(this.attempt.claimed).find((kind) => choice === giveTo(kind).id);
    return to === undefined ? 'give-up' : { to, trouble, by: 'person' };
  }

  #next(trouble: Trouble, by: Handover['by']): Handover | undefined {
    const state = this.#state();
    const to = state && nextAgentOf(state, this.live.world.circuits);
    return to === undefined ? undefined : { to, trouble, by };
  }

  #mayRetry(): boolean {
    const state = this.#state();
    return state !== undefined && mayBeTried(state);
  }

  #state() {
    const state = this.live.world.tasks.get(this.attempt.claimed.taskId);
    return state !== undefined && 'excused' in state ? state : undefined;
  }

  async #ask(what: string, options: Question['options']): Promise<AnsweredQuestion> {
    const questionId = `${OURS}${randomUUID()}`;
    const text = `${what.slice(0, 1900)} What is to become of it?`;
    await this.waiting.block({ kind: 'question', reason: text, question: { questionId, text, options } });
    const answers = this.#state()?.answers ?? [];
    const answer = answers.findLast((one) => one.questionId === questionId);
    if (answer === undefined) throw new Error(`Question ${questionId} ended without an answer.`);
    return answer;
  }
}

const endedBy = ({ timedOut }: Pick<AnsweredQuestion, 'timedOut'>): string =>
  timedOut ? 'Nobody answered in time.' : 'A person has given it up.';
