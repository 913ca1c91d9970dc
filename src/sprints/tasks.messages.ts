import { Controller } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { ApiExcludeController } from '@nestjs/swagger';
import { RpcAccess, RpcPrincipal } from '../access/rpc.decorator.js';
import { issuedBy } from '../world/issued.port.js';
import { answerOf, AnswerTaskCommand } from './answer-task.command.js';
import { AnswerMessage } from './dto/answer.dto.js';
import { FindTaskQuery } from './find-task.query.js';

/** Tasks over the Redis transport; carried out once however many instances hear it. */
@RpcAccess()
@ApiExcludeController()
@Controller()
export class TasksMessages {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @MessagePattern('task.answer')
  async answer(
    @Payload() { taskId, commandId, token: _token, ...body }: AnswerMessage,
    @RpcPrincipal() principal: string,
  ) {
    const answer = answerOf(body);
    const issued = issuedBy(principal, commandId, { taskId, answer });
    const { cursor } = await this.commands.execute(new AnswerTaskCommand(taskId, answer, issued));
    const { view } = await this.queries.execute(new FindTaskQuery(taskId, cursor));
    return { ...view, cursor };
  }
}
