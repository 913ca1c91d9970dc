import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { sprintStream, type SprintId } from '#contracts';
import { sprint, type SprintState } from '#domain';
import { Decisions, type Issued } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';

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
  constructor(
    private readonly decisions: Decisions,
    private readonly live: LiveWorld,
  ) {}

  async execute({ sprintId, steering, issued }: SteerSprintCommand) {
    const outcome = await this.decisions.make({
      stream: sprintStream(sprintId),
      decider: sprint,
      command: steering,
      issued,
      subjects: { sprintId },
    });
    await this.live.reached(outcome.position);
    return { state: outcome.state, cursor: outcome.cursor };
  }
}
