import { Inject } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { AgentRegistry } from '#agents';
import { HyperRunError, taskStream, type RepositoryId, type SprintId, type TaskId } from '#contracts';
import { isTaskSettled, task, type Settled, type SprintState } from '#domain';
import type { EventStore } from '#event-store';
import { EVENT_STORE } from '../log/log.port.js';
import { foldUntil, type Issued } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { ApprovePlanCommand } from './approve-plan.command.js';
import { RequestPlanCommand, sprintIdOf, type Again } from './request-plan.command.js';

/** How long a follow-up plan of one task may take to be made before the answer is «not yet, ask again». */
const PLAN_WAIT_MS = 60_000;

/** What is to be different this time; nothing: the same once more. */
export interface Difference {
  /** Kind of another agent. */
  readonly agent?: string;
  /** What a person wants of the next candidate. Whoever does it knows the last one. */
  readonly comment?: string;
}

/** Does a settled task again: proposes and approves, as the same person, a plan of this one task at today's HEAD. */
export class FollowUpTaskCommand extends Command<{ readonly state: SprintState; readonly cursor: string }> {
  constructor(
    readonly taskId: TaskId,
    readonly difference: Difference,
    readonly issued: Issued,
  ) {
    super();
  }
}

@CommandHandler(FollowUpTaskCommand)
export class FollowUpTaskHandler implements ICommandHandler<FollowUpTaskCommand> {
  constructor(
    private readonly commands: CommandBus,
    private readonly live: LiveWorld,
    private readonly agents: AgentRegistry,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  async execute({ taskId, difference, issued }: FollowUpTaskCommand) {
    const before = await this.settled(taskId);
    const again = this.againOf(before, difference);
    const { repositoryId: repository, scope, grants, budgets } = before.spec;
    // Sent before: the follow-up itself may be what runs, and the answer is what was decided then.
    if (!this.live.world.sprints.has(sprintIdOf(issued))) this.refuseBusy(repository);
    const wish = { repository, scope, grants, budgets, maxTasks: 1 };
    const { sprintId } = await this.commands.execute(new RequestPlanCommand(wish, issued, again));
    const planHash = await this.planOf(sprintId);
    const approve = { ...issued, id: `${issued.id}/approve`, body: { planHash } };
    return this.commands.execute(new ApprovePlanCommand(sprintId, { planHash }, approve));
  }

  private async settled(taskId: TaskId): Promise<Settled> {
    const state = foldUntil(task, await this.store.read(taskStream(taskId)));
    if (state.status === 'absent') throw new HyperRunError('task.unknown', 'There is no task with this id.');
    if (isTaskSettled(state)) return state;
    throw new HyperRunError('task.not-settled', `Only a settled task can be done again; this one is ${state.status}.`);
  }

  private againOf({ taskId, spec, candidate }: Settled, { agent, comment }: Difference): Again {
    const again = { follows: taskId, task: spec.task, ...(agent === undefined ? {} : { agent }) };
    if (agent !== undefined) this.requireKnown(agent);
    if (comment === undefined && spec.task.changes === undefined) return again;
    this.requireWords(agent ?? spec.task.agent);
    if (comment === undefined) return again;
    if (candidate === undefined)
      throw new HyperRunError(
        'task.no-candidate',
        'This task produced no candidate, so there is nothing to change. Do it again: POST /hyper-running/tasks/:taskId/retry',
      );
    return { ...again, changes: { taskId, comment, patch: candidate.patch } };
  }

  private requireKnown(agent: string): void {
    const kinds = this.agents.kinds();
    if (!kinds.includes(agent))
      throw new HyperRunError('agent.unknown', `agent: there is no agent "${agent}". There are: ${kinds.join(', ')}.`);
  }

  /** A comment to an agent that repairs by rule alone would be heard by nobody. */
  private requireWords(agent: string): void {
    this.requireKnown(agent);
    if (this.agents.describe(agent).understandsWords) return;
    const others = this.agents.kinds().filter((kind) => this.agents.describe(kind).understandsWords);
    throw new HyperRunError(
      'task.changes-unheard',
      `agent: ${agent} follows no words. ${others.length > 0 ? `Name one that does: ${others.join(', ')}.` : 'No agent of this service does.'}`,
      { others },
    );
  }

  private refuseBusy(repository: RepositoryId): void {
    const known = this.live.world.repositories.get(repository);
    if (known?.status !== 'registered' || known.running === undefined) return;
    throw new HyperRunError('repository.busy', `Sprint ${known.running} runs on this repository; one runs at a time.`, {
      running: known.running,
    });
  }

  private async planOf(sprintId: SprintId): Promise<string> {
    const made = () => {
      const state = this.live.world.sprints.get(sprintId);
      return state !== undefined && state.status !== 'absent' && state.status !== 'analysing' ? state : undefined;
    };
    await this.live
      .until(() => made() !== undefined, AbortSignal.timeout(PLAN_WAIT_MS))
      .catch(() => {
        throw new HyperRunError('plan.not-ready', 'The plan is still being made. Send the same request again.', {
          sprintId,
        });
      });
    const state = made();
    if (state?.status === 'failed') throw new HyperRunError(state.code, state.reason, { sprintId });
    if (state === undefined || !('plan' in state)) throw new HyperRunError('sprint.unknown', 'The plan is gone.');
    return state.plan.planHash;
  }
}
