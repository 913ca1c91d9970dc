import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { HyperRunError, type SprintId } from '#contracts';
import type { PlanEdit, SprintState } from '#domain';
import { agentFor, agentKinds } from '#agents';
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
  constructor(private readonly decisions: SprintDecisions) {}

  async execute({ sprintId, review, issued }: ReviewPlanCommand) {
    const unknown =
      review.type === 'edit'
        ? review.edit.tasks?.find((task) => task.agent !== undefined && !agentKinds().includes(task.agent))
        : undefined;
    if (unknown !== undefined)
      throw new HyperRunError(
        'agent.unknown',
        `tasks.agent: there is no agent "${unknown.agent}". There are: ${agentKinds().join(', ')}.`,
      );
    // A grant that no agent may name would only be found out when a worker reads it.
    if (review.type === 'edit' && review.edit.grants !== undefined)
      compileScope({ patterns: ['**'], grants: review.edit.grants });
    const outcome = await this.decisions.make(
      sprintId,
      review.type === 'edit' ? { ...review, edit: withDigests(review.edit), now: Date.now() } : review,
      issued,
    );
    return { state: outcome.state, cursor: outcome.cursor };
  }
}

/** Who chooses an agent chooses the version that there is now. */
const withDigests = (edit: PlanEdit): PlanEdit => ({
  ...edit,
  ...(edit.tasks === undefined
    ? {}
    : {
        tasks: edit.tasks.map((task) =>
          task.agent === undefined ? task : { ...task, agentDigest: agentFor(task.agent).digest },
        ),
      }),
});
