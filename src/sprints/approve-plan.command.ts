import { Inject } from '@nestjs/common';
import { Command, CommandHandler, QueryBus, type ICommandHandler } from '@nestjs/cqrs';
import {
  HyperRunError,
  repositoryStream,
  sprintStream,
  taskStream,
  type EventData,
  type Plan,
  type PlannedTask,
  type SprintId,
  type TaskId,
  type Version,
} from '#contracts';
import { event, isActive, repository, sprint, type SprintState } from '#domain';
import type { EventStore, StreamWrite } from '#event-store';
import { CONFIG, type Config } from '../config/config.js';
import { EVENT_STORE } from '../log/log.port.js';
import { LogMemory } from '../log/log-memory.port.js';
import { CompareWithHeadQuery } from '../repositories/compare-with-head.query.js';
import { Decisions, foldUntil, type Issued } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';

export interface Approval {
  readonly planHash: string;
  /** The approved tasks; those not named are declined. Left out: all. */
  readonly taskIds?: readonly TaskId[];
  /** Nobody has read the plan: allowed only by the service's policy, and recorded as such. */
  readonly unattended?: boolean;
}

/**
 * Approves exactly the plan that was read and begins the sprint. One append: the repository's hold, the approval and the
 * tasks happen together or not at all, so two approvals at the same instant cannot both succeed.
 */
export class ApprovePlanCommand extends Command<{ readonly state: SprintState; readonly cursor: string }> {
  constructor(
    readonly sprintId: SprintId,
    readonly approval: Approval,
    readonly issued: Issued,
  ) {
    super();
  }
}

@CommandHandler(ApprovePlanCommand)
export class ApprovePlanHandler implements ICommandHandler<ApprovePlanCommand> {
  constructor(
    private readonly decisions: Decisions,
    private readonly live: LiveWorld,
    private readonly queries: QueryBus,
    private readonly memory: LogMemory,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async execute({ sprintId, approval, issued }: ApprovePlanCommand) {
    const unattended = approval.unattended === true;
    if (unattended && !this.config.allowUnattended)
      throw new HyperRunError(
        'plan.unattended-refused',
        'unattended: this service approves nothing that nobody has read. Its operator can allow it with HYPER_RUN_ALLOW_UNATTENDED=true.',
      );
    const outcome = await this.decisions.make({
      stream: sprintStream(sprintId),
      decider: sprint,
      command: { type: 'approve', planHash: approval.planHash, taskIds: approval.taskIds, unattended, now: Date.now() },
      issued,
      subjects: { sprintId },
      also: async (state, events) => {
        const [approved] = events;
        if (state.status !== 'proposed' || approved?.type !== 'sprint.plan-approved') return [];
        await this.memory.requireRoom();
        await this.requireUnmoved(state.plan, approved.data.taskIds);
        return [...(await this.holdRepository(state.plan)), ...taskWrites(state.plan, approved.data)];
      },
    });
    await this.live.reached(outcome.position);
    return { state: outcome.state, cursor: outcome.cursor };
  }

  /** What was read must still be what is there: the approved paths at HEAD are as they were when they were scanned. */
  private async requireUnmoved(plan: Plan, taskIds: readonly TaskId[]): Promise<void> {
    const paths = plan.tasks.filter((task) => taskIds.includes(task.taskId)).flatMap((task) => task.paths);
    const compared = await this.queries.execute(new CompareWithHeadQuery(plan.repository.path, plan.baseCommit, paths));
    if (compared === undefined)
      throw new HyperRunError('repository.not-found', `There is no repository at ${plan.repository.path} any more.`);
    const { changed } = compared;
    if (changed.length === 0) return;
    throw new HyperRunError(
      'plan.base-moved',
      `These files have changed since the plan was made: ${changed.slice(0, 5).join(', ')}. Ask for a new plan, or leave their tasks out.`,
      { changed },
    );
  }

  private async holdRepository(plan: Plan): Promise<StreamWrite[]> {
    const stream = repositoryStream(plan.repository.repositoryId);
    const recorded = await this.store.read(stream);
    const state = foldUntil(repository, recorded);
    const events = repository.decide({ type: 'start-sprint', sprintId: plan.planId }, state);
    if (events.length === 0) return [];
    const version = (recorded.at(-1)?.version ?? 0) as Version;
    return [{ stream, guard: { kind: 'exact', version }, subjects: { sprintId: plan.planId }, events }];
  }
}

const taskWrites = (plan: Plan, approved: EventData<'sprint.plan-approved'>): StreamWrite[] =>
  plan.tasks.map((task) => ({
    stream: taskStream(task.taskId),
    guard: { kind: 'exact', version: 0 as Version },
    subjects: { sprintId: plan.planId, taskId: task.taskId },
    events: [
      approved.taskIds.includes(task.taskId)
        ? event('task.queued', {
            sprintId: plan.planId,
            repositoryId: plan.repository.repositoryId,
            repositoryPath: plan.repository.path,
            baseCommit: plan.baseCommit,
            scope: plan.scope,
            grants: plan.grants,
            task,
            verification: plan.verification,
            budgets: plan.budgets,
            ...(plan.troubles === undefined ? {} : { troubles: plan.troubles }),
            ...agentsOf(plan, task),
          })
        : event('task.declined', { sprintId: plan.planId, task }),
    ],
  }));

/** What the plan gives the task's agent, and those that may take it over. */
const agentsOf = ({ agents }: Plan, task: PlannedTask) => {
  const given = (wanted: string) => agents?.find(({ kind }) => kind === wanted);
  const agent = given(task.agent);
  const fallbacks = task.fallbacks?.flatMap((kind) => given(kind) ?? []) ?? [];
  return { ...(agent === undefined ? {} : { agent }), ...(fallbacks.length === 0 ? {} : { fallbacks }) };
};

/** Whether the sprint was approved at all. */
export const wasApproved = (state: SprintState) => isActive(state) || state.status === 'completed';
