import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { HyperRunError, type SprintId } from '#contracts';
import type { PlanEdit, SprintState } from '#domain';
import { AgentRegistry } from '#agents';
import { compileScope } from '#workspace';
import type { Issued } from '../world/decisions.port.js';
import { SprintDecisions } from '../world/sprint-decisions.port.js';

export type Review =
  | { readonly type: 'edit'; readonly ifHash: string; readonly edit: PlanEdit }
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

@CommandHandler(ReviewPlanCommand)
export class ReviewPlanHandler implements ICommandHandler<ReviewPlanCommand> {
  constructor(
    private readonly decisions: SprintDecisions,
    private readonly agents: AgentRegistry,
  ) {}

  async execute({ sprintId, review, issued }: ReviewPlanCommand) {
    // A grant that no agent may name would only be found out when a worker reads it.
    if (review.type === 'edit' && review.edit.grants !== undefined)
      compileScope({ patterns: ['**'], grants: review.edit.grants });
    const outcome = await this.decisions.make(
      sprintId,
      review.type === 'edit' ? { ...review, edit: this.withAgents(review.edit), now: Date.now() } : review,
      issued,
    );
    return { state: outcome.state, cursor: outcome.cursor };
  }

  /** Who chooses an agent chooses the version that there is now, and what it is given. */
  private withAgents(edit: PlanEdit): PlanEdit {
    const chosen = [...new Set(edit.tasks?.flatMap(({ agent }) => agent ?? []))];
    const kinds = this.agents.kinds();
    const unknown = chosen.find((kind) => !kinds.includes(kind));
    if (unknown !== undefined)
      throw new HyperRunError(
        'agent.unknown',
        `tasks.agent: there is no agent "${unknown}". There are: ${kinds.join(', ')}.`,
      );
    const all = kinds.map((kind) => this.agents.describe(kind));
    return {
      ...edit,
      agents: all.filter(({ kind }) => chosen.includes(kind)).map(({ planned }) => planned),
      followWords: all.filter(({ understandsWords }) => understandsWords).map(({ kind }) => kind),
    };
  }
}
