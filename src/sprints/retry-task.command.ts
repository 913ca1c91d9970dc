import { Inject } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { HyperRunError, taskStream, type SprintId, type TaskId } from '#contracts';
import { isTaskSettled, task, type SprintState } from '#domain';
import type { EventStore } from '#event-store';
import { EVENT_STORE } from '../log/log.port.js';
import { foldUntil, type Issued } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { ApprovePlanCommand } from './approve-plan.command.js';
import { RequestPlanCommand, sprintIdOf } from './request-plan.command.js';

/** How long a follow-up plan of one task may take to be made before the answer is «not yet, ask again». */
const PLAN_WAIT_MS = 60_000;

/** Does a settled task again: proposes and approves, as the same person, a plan of this one task at today's HEAD. */
export class RetryTaskCommand extends Command<{ readonly state: SprintState; readonly cursor: string }> {
  constructor(
    readonly taskId: TaskId,
    readonly issued: Issued,
  ) {
    super();
  }
}

@CommandHandler(RetryTaskCommand)
export class RetryTaskHandler implements ICommandHandler<RetryTaskCommand> {
  constructor(
    private readonly commands: CommandBus,
    private readonly live: LiveWorld,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  async execute({ taskId, issued }: RetryTaskCommand) {
    const state = foldUntil(task, await this.store.read(taskStream(taskId)));
    if (state.status === 'absent') throw new HyperRunError('task.unknown', 'There is no task with this id.');
    if (!isTaskSettled(state))
      throw new HyperRunError(
        'task.not-settled',
        `Only a settled task can be done again; this one is ${state.status}.`,
      );
    const { spec } = state;
    const running = this.live.world.repositories.get(spec.repositoryId);
    // Sent before: the follow-up itself may be what runs, and the answer is what was decided then.
    const isNew = !this.live.world.sprints.has(sprintIdOf(issued));
    if (isNew && running?.status === 'registered' && running.running !== undefined)
      throw new HyperRunError(
        'repository.busy',
        `Sprint ${running.running} runs on this repository; one runs at a time.`,
      );
    const wish = {
      repository: spec.repositoryId,
      scope: spec.scope,
      grants: spec.grants,
      budgets: spec.budgets,
      maxTasks: 1,
    };
    const again = { follows: taskId, task: spec.task };
    const { sprintId } = await this.commands.execute(new RequestPlanCommand(wish, issued, again));
    const planHash = await this.planOf(sprintId);
    const approve = { ...issued, id: `${issued.id}/approve`, body: { planHash } };
    return this.commands.execute(new ApprovePlanCommand(sprintId, { planHash }, approve));
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
