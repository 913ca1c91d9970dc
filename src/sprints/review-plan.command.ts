import { Inject } from '@nestjs/common';
import { Command, CommandHandler, QueryBus, type ICommandHandler } from '@nestjs/cqrs';
import { HyperRunError, sprintStream, type PlannedAgent, type SprintId } from '#contracts';
import { sprint, type PlanEdit, type Rescope, type SprintState } from '#domain';
import type { EventStore } from '#event-store';
import { AgentRegistry } from '#agents';
import { DEFAULT_TASKS } from '../strategist/analysis.port.js';
import { RescopeQuery } from '../strategist/rescope.query.js';
import { EVENT_STORE } from '../log/log.port.js';
import { foldUntil, type Issued } from '../world/decisions.port.js';
import { SprintDecisions } from '../world/sprint-decisions.port.js';

/** What a person wants to be different about a plan. */
export type EditWish = Omit<PlanEdit, 'rescope' | 'agents' | 'followWords'>;

export type Review =
  | { readonly type: 'edit'; readonly ifHash: string; readonly edit: EditWish }
  | { readonly type: 'reject'; readonly reason: string };

/** A person edits a plan, under the hash that was read, or rejects it. */
export class ReviewPlanCommand extends Command<{ readonly state: SprintState; readonly cursor: string }> {
  constructor(
    readonly sprintId: SprintId,
    readonly review: Review,
    readonly issued: Issued,
  ) {
    super();
  }
}

const MOST_TASKS = 50;

@CommandHandler(ReviewPlanCommand)
export class ReviewPlanHandler implements ICommandHandler<ReviewPlanCommand> {
  constructor(
    private readonly decisions: SprintDecisions,
    private readonly queries: QueryBus,
    private readonly agents: AgentRegistry,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  async execute({ sprintId, review, issued }: ReviewPlanCommand) {
    const outcome = await this.decisions.make(
      sprintId,
      review.type === 'edit' ? { ...review, edit: await this.whole(sprintId, review), now: Date.now() } : review,
      issued,
    );
    return { state: outcome.state, cursor: outcome.cursor };
  }

  /** The wish with all that its decision needs to know besides. */
  private async whole(sprintId: SprintId, { ifHash, edit }: Extract<Review, { type: 'edit' }>): Promise<PlanEdit> {
    const { rescope, agents = [] } = (await this.rescoped(sprintId, ifHash, edit)) ?? {};
    return { ...this.withAgents(edit, agents), ...(rescope === undefined ? {} : { rescope }) };
  }

  /** Undefined where the plan is not the one that was read, or not to be edited: that is refused then. */
  private async rescoped(
    sprintId: SprintId,
    ifHash: string,
    { scope, grants }: EditWish,
  ): Promise<{ readonly rescope: Rescope; readonly agents: readonly PlannedAgent[] } | undefined> {
    if (scope === undefined && grants === undefined) return undefined;
    const state = foldUntil(sprint, await this.store.read(sprintStream(sprintId)));
    if (state.status !== 'proposed' || state.plan.planHash !== ifHash) return undefined;
    if (state.findings === undefined) {
      if (scope === undefined) return undefined;
      throw new HyperRunError('plan.scope-fixed', 'What was found for this plan is not kept. Ask for a new plan.');
    }
    const { plan, request, findings } = state;
    const maxTasks = Math.min(request.maxTasks ?? DEFAULT_TASKS, MOST_TASKS - plan.tasks.length);
    const wish = { scope: scope ?? plan.scope, grants: grants ?? plan.grants, maxTasks };
    return this.queries.execute(new RescopeQuery(plan, findings.artifact, wish));
  }

  /** Who chooses an agent chooses the version that there is now, and what it is given. */
  private withAgents(edit: EditWish, added: readonly PlannedAgent[]): PlanEdit {
    const named = edit.tasks?.flatMap(({ agent = [], fallbacks = [] }) => [agent, fallbacks].flat());
    const chosen = [...new Set(named)];
    const kinds = this.agents.kinds();
    const unknown = chosen.find((kind) => !kinds.includes(kind));
    if (unknown !== undefined)
      throw new HyperRunError(
        'agent.unknown',
        `tasks: there is no agent "${unknown}". There are: ${kinds.join(', ')}.`,
      );
    const all = kinds.map((kind) => this.agents.describe(kind));
    return {
      ...edit,
      agents: [
        ...all.filter(({ kind }) => chosen.includes(kind)).map(({ planned }) => planned),
        ...added.filter(({ kind }) => !chosen.includes(kind)),
      ],
      followWords: all.filter(({ understandsWords }) => understandsWords).map(({ kind }) => kind),
    };
  }
}
