import type { AgentTask, ToolPorts } from '#agents';
import { event, isActive } from '#domain';
import type { LiveWorld } from '../world/live-world.port.js';
import type { Attempt } from './attempt.js';
import { Questions } from './questions.js';
import { Spending } from './spending.js';
import { Troubles } from './troubles.js';
import { Waiting } from './waiting.js';

type Overseen = 'maxCalls' | 'signal' | 'emit' | 'refuse' | 'gate' | 'spend' | 'overBudget' | 'ask' | 'looping';

/**
 * What people have to say during one attempt: what its agent may spend, and what it asks. A sprint that was approved
 * unattended has nobody to ask: there a limit ends the attempt, and the agent has no way to ask at all.
 */
export class Oversight {
  readonly ports: Pick<ToolPorts, Overseen>;
  readonly answers: AgentTask['answers'];
  readonly troubles: Troubles;
  readonly #waiting: Waiting;
  readonly #spending: Spending;

  constructor(
    private readonly attempt: Attempt,
    live: LiveWorld,
  ) {
    const attended = isAttended(attempt, live);
    const waiting = new Waiting(attempt, live);
    const spending = new Spending(attempt, waiting, live, attended);
    const questions = new Questions(attempt, waiting, live);
    this.troubles = new Troubles(attempt, live, waiting, attended);
    this.#waiting = waiting;
    this.#spending = spending;
    this.answers = questions.earlier;
    this.ports = {
      maxCalls: spending.maxCalls,
      signal: AbortSignal.any([attempt.signal, spending.signal]),
      emit: (told) => spending.say(told),
      refuse: (refusal) => spending.say(event('task.tool-refused', refusal)),
      gate: () => spending.gate(),
      spend: (usage) => spending.spend(usage),
      looping: (loop) => this.troubles.looping(loop),
      ...(attended ? { overBudget: (spent) => spending.overBudget(spent), ask: (asked) => questions.ask(asked) } : {}),
    };
  }

  /** The agent is done: what it asked, or came to the end of, is waited for all the same. */
  async settled(): Promise<void> {
    this.#spending.close();
    await this.#waiting.settled();
    this.attempt.signal.throwIfAborted();
  }

  close(): void {
    this.#spending.close();
  }
}

/** Whether there is anybody to ask: a plan that nobody read was approved by nobody who would answer. */
export const isAttended = ({ claimed }: Attempt, live: LiveWorld): boolean => {
  const sprint = live.world.sprints.get(claimed.spec.sprintId);
  return sprint === undefined || !isActive(sprint) || !sprint.unattended;
};
