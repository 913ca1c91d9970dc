import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { taskStream, type TaskId } from '#contracts';
import { holderOf, task, type BlockAnswer, type TaskState } from '#domain';
import { Decisions, type Issued } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import type { AnswerTaskDto } from './dto/answer.dto.js';

/** A person ends a block. The epoch stays: whoever holds the task goes on. */
export class AnswerTaskCommand extends Command<{ readonly state: TaskState; readonly cursor: string }> {
  constructor(
    readonly taskId: TaskId,
    readonly answer: BlockAnswer,
    readonly issued: Issued,
  ) {
    super();
  }
}

export const answerOf = ({ questionId, choice, text, grant }: AnswerTaskDto): BlockAnswer => ({
  ...(questionId === undefined ? {} : { questionId }),
  ...(choice === undefined ? {} : { choice }),
  ...(text === undefined ? {} : { text }),
  ...(grant === undefined ? {} : { grant: grant.amount }),
});

@CommandHandler(AnswerTaskCommand)
export class AnswerTaskHandler implements ICommandHandler<AnswerTaskCommand> {
  constructor(
    private readonly decisions: Decisions,
    private readonly live: LiveWorld,
  ) {}

  async execute({ taskId, answer, issued }: AnswerTaskCommand) {
    const known = this.live.world.tasks.get(taskId);
    const sprintId = known !== undefined && 'spec' in known ? known.spec.sprintId : undefined;
    const agentId = known === undefined ? undefined : holderOf(known)?.agentId;
    const outcome = await this.decisions.make({
      stream: taskStream(taskId),
      decider: task,
      command: { type: 'answer', answer },
      issued,
      subjects: {
        taskId,
        ...(sprintId === undefined ? {} : { sprintId }),
        ...(agentId === undefined ? {} : { agentId }),
      },
    });
    await this.live.reached(outcome.position);
    return { state: outcome.state, cursor: outcome.cursor };
  }
}
