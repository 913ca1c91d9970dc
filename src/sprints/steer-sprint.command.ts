import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { SprintId } from '#contracts';
import type { SprintState } from '#domain';
import type { Issued } from '../world/decisions.port.js';
import { SprintDecisions } from '../world/sprint-decisions.port.js';

export type Steering =
  | { readonly type: 'pause'; readonly reason: string }
  | { readonly type: 'resume' }
  | { readonly type: 'cancel'; readonly reason: string };

/** A person pauses, resumes or cancels a sprint. What has been decided to be published goes forward all the same. */
export class SteerSprintCommand extends Command<{ readonly state: SprintState; readonly cursor: string }> {
  constructor(
    readonly sprintId: SprintId,
    readonly steering: Steering,
    readonly issued: Issued,
  ) {
    super();
  }
}

@CommandHandler(SteerSprintCommand)
export class SteerSprintHandler implements ICommandHandler<SteerSprintCommand> {
  constructor(private readonly decisions: SprintDecisions) {}

  async execute({ sprintId, steering, issued }: SteerSprintCommand) {
    const outcome = await this.decisions.make(sprintId, steering, issued);
    return { state: outcome.state, cursor: outcome.cursor };
  }
}
