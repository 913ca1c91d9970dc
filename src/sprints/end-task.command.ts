import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { taskStream, type TaskId } from '#contracts';
import { task, type TaskState } from '#domain';
import { Decisions, type Issued } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';

/** A person cancels one task, or discards one that is blocked. Its worker is fenced off by the same append. */
export class EndTaskCommand extends Command<{ readonly state: TaskState; readonly cursor: string }> {
  constructor(
    readonly taskId: TaskId,
    readonly ending: { readonly type: 'cancel' | 'discard'; readonly reason: string },
    readonly issued: Issued,
  ) {
    super();
  }
}

@CommandHandler(EndTaskCommand)
export class EndTaskHandler implements ICommandHandler<EndTaskCommand> {
  constructor(
    private readonly decisions: Decisions,
    private readonly live: LiveWorld,
  ) {}

  async execute({ taskId, ending, issued }: EndTaskCommand) {
    const known = this.live.world.tasks.get(taskId);
    const sprintId = known !== undefined && 'spec' in known ? known.spec.sprintId : undefined;
    const outcome = await this.decisions.make({
      stream: taskStream(taskId),
      decider: task,
      command: ending,
      issued,
      subjects: { taskId, ...(sprintId === undefined ? {} : { sprintId }) },
      raiseEpoch: true,
    });
    await this.live.reached(outcome.position);
    return { state: outcome.state, cursor: outcome.cursor };
  }
}
