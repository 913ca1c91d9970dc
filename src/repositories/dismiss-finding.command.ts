import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { repositoryStream, type RepositoryId } from '#contracts';
import { repository } from '#domain';
import { Decisions, type Issued } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';

/** Never propose this finding again on this repository. */
export class DismissFindingCommand extends Command<{ readonly cursor: string }> {
  constructor(
    readonly repositoryId: RepositoryId,
    readonly findingId: string,
    readonly reason: string,
    readonly issued: Issued,
  ) {
    super();
  }
}

@CommandHandler(DismissFindingCommand)
export class DismissFindingHandler implements ICommandHandler<DismissFindingCommand> {
  constructor(
    private readonly decisions: Decisions,
    private readonly live: LiveWorld,
  ) {}

  async execute({ repositoryId, findingId, reason, issued }: DismissFindingCommand) {
    const outcome = await this.decisions.make({
      stream: repositoryStream(repositoryId),
      decider: repository,
      command: { type: 'dismiss-finding', findingId, reason },
      issued,
    });
    await this.live.reached(outcome.position);
    return { cursor: outcome.cursor };
  }
}
