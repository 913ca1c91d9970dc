import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { HyperRunError, sprintStream, type SprintId, type TaskId } from '#contracts';
import { sprint, type SprintState } from '#domain';
import { GitRepository } from '#git';
import { branchOfSprint } from '#workspace';
import { Decisions, type Issued } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';

/** Wants passed tasks of a completed sprint as one branch. A worker merges them; what becomes of it is in the sprint. */
export class IntegrateSprintCommand extends Command<{ readonly state: SprintState; readonly cursor: string }> {
  constructor(
    readonly sprintId: SprintId,
    readonly issued: Issued,
    /** Left out: all that passed. */
    readonly taskIds?: readonly TaskId[],
  ) {
    super();
  }
}

@CommandHandler(IntegrateSprintCommand)
export class IntegrateSprintHandler implements ICommandHandler<IntegrateSprintCommand> {
  constructor(
    private readonly decisions: Decisions,
    private readonly live: LiveWorld,
  ) {}

  async execute({ sprintId, taskIds, issued }: IntegrateSprintCommand) {
    const outcome = await this.decisions.make({
      stream: sprintStream(sprintId),
      decider: sprint,
      command: { type: 'request-integration', ...(taskIds === undefined ? {} : { taskIds }) },
      issued,
      subjects: { sprintId },
      also: async (state) => {
        if (state.status === 'completed') await refuseTaken(sprintId, state.plan.repository.path);
        return [];
      },
    });
    await this.live.reached(outcome.position);
    return { state: outcome.state, cursor: outcome.cursor };
  }
}

/** A branch of ours is never moved: whoever wants another one in its place deletes it first. */
const refuseTaken = async (sprintId: SprintId, path: string): Promise<void> => {
  const branch = branchOfSprint(sprintId);
  const repository = await GitRepository.open(path);
  try {
    const commit = await repository.readRef(`refs/heads/${branch}`);
    if (commit === undefined) return;
    throw new HyperRunError(
      'sprint.integrated',
      `Branch ${branch} is there already, at ${commit.slice(0, 12)}. Merge it, or delete it to have it made anew: git branch -D ${branch}`,
      { branch, commit },
    );
  } finally {
    repository.close();
  }
};
