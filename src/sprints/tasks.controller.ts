import {
  Body,
  Controller,
  Get,
  Header,
  Headers,
  HttpCode,
  HttpStatus,
  Inject,
  Param,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { HyperRunError, taskStream, toEnvelope, type TaskId } from '#contracts';
import { readEnvelopes, type EventStore } from '#event-store';
import { CurrentPrincipal } from '../access/principal.decorator.js';
import { Answers, AnswersText, CURSOR_PROBLEMS, Problems } from '../http/answers.decorator.js';
import { CommandId } from '../http/command-id.decorator.js';
import { EventPage } from '../http/event.schema.js';
import { TaskIdParam } from '../http/id.params.js';
import { JSON_SEQUENCE, sequenceOf, wantsSequence } from '../http/json-sequence.js';
import { PageDto } from '../http/page.dto.js';
import { EVENT_STORE } from '../log/log.port.js';
import type { Issued } from '../world/decisions.port.js';
import { issuedBy } from '../world/issued.port.js';
import { AtDto } from '../http/at.dto.js';
import { answerOf, AnswerTaskCommand } from './answer-task.command.js';
import { AnswerTaskDto } from './dto/answer.dto.js';
import { RequestChangesDto, RetryDto } from './dto/follow-up.dto.js';
import { ReasonDto } from './dto/plan.dto.js';
import { DiffTaskQuery } from './diff-task.query.js';
import { EndTaskCommand } from './end-task.command.js';
import { FindSprintQuery } from './find-sprint.query.js';
import { FindTaskQuery } from './find-task.query.js';
import { FollowUpTaskCommand, type Difference } from './follow-up-task.command.js';
import { streamPage } from './stream-page.js';
import { SprintView, TaskChanged, TaskDetail } from './views.schema.js';

const NOT_FOLLOWED = [
  'log.nearly-full',
  'task.not-settled',
  'task.nothing-left',
  'task.changes-unheard',
  'agent.unknown',
  'repository.busy',
  'plan.not-ready',
];

@ApiTags('tasks')
@ApiBearerAuth()
@Controller('hyper-running/tasks')
export class TasksController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  @Get(':taskId')
  @ApiOperation({ summary: 'One task, now or at a moment' })
  @Answers(200, TaskDetail, 'The task')
  @Problems('task.unknown', ...CURSOR_PROBLEMS)
  async one(@Param('taskId', TaskIdParam) taskId: TaskId, @Query() { at }: AtDto) {
    const { view, state } = await this.queries.execute(new FindTaskQuery(taskId, at));
    return { ...view, task: 'spec' in state ? state.spec.task : state.task };
  }

  @Get(':taskId/events')
  @ApiOperation({ summary: 'The history of a task in order, paged; as a JSON sequence the same in one answer' })
  @Answers(200, EventPage, 'A page of events; as a JSON sequence: all of them up to now, an Event each', {
    or: [JSON_SEQUENCE],
  })
  @Problems('task.unknown', 'cursor.invalid')
  async events(
    @Param('taskId', TaskIdParam) taskId: TaskId,
    @Query() page: PageDto,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const stream = taskStream(taskId);
    if ((await this.store.head(stream)).version === 0)
      throw new HyperRunError('task.unknown', `There is no task "${taskId}".`);
    if (wantsSequence(accept)) {
      void reply.header('Content-Type', JSON_SEQUENCE);
      return sequenceOf(readEnvelopes(this.store, stream));
    }
    const { items, ...rest } = await streamPage(this.store, stream, page);
    return { items: items.map(toEnvelope), ...rest };
  }

  @Get(':taskId/diff')
  @Header('Content-Type', 'text/x-diff; charset=utf-8')
  @ApiOperation({
    summary: 'Unified diff of the candidate, also of a rejected one; before there is one, of what was written so far',
  })
  @AnswersText(200, 'text/x-diff', 'The diff, now or at a moment', {
    'HyperRun-Diff': '`candidate`; or `work`: what the attempt has written so far, or had when it ended without one',
    'HyperRun-Left-Out': 'How many files of a `work` are not shown: too large, no longer kept, or not to be read',
    'HyperRun-Cursor': 'The event that it stands for',
  })
  @Problems('task.unknown', 'task.no-candidate', 'artifact.removed', ...CURSOR_PROBLEMS)
  async diff(
    @Param('taskId', TaskIdParam) taskId: TaskId,
    @Query() { at }: AtDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const { of, leftOut, cursor, text } = await this.queries.execute(new DiffTaskQuery(taskId, at));
    void reply.headers({ 'HyperRun-Diff': of, 'HyperRun-Left-Out': String(leftOut), 'HyperRun-Cursor': cursor });
    return text;
  }

  @Post(':taskId/answer')
  @HttpCode(HttpStatus.ACCEPTED)
  @ApiOperation({
    summary:
      'Answer what a blocked task asks, grant more of the budget that it has used up, or have its branch tried again',
  })
  @Answers(202, TaskChanged, 'The task')
  @Problems(
    'task.unknown',
    'task.settled',
    'task.declined',
    'task.not-blocked',
    'task.answer-stale',
    'task.answer-unfit',
  )
  async answer(
    @Param('taskId', TaskIdParam) taskId: TaskId,
    @Body() body: AnswerTaskDto,
    @CurrentPrincipal() principal: string,
    @CommandId() commandId: string,
  ) {
    const answer = answerOf(body);
    const issued = issuedBy(principal, commandId, { taskId, answer });
    const { cursor } = await this.commands.execute(new AnswerTaskCommand(taskId, answer, issued));
    const { view } = await this.queries.execute(new FindTaskQuery(taskId, cursor));
    return { ...view, cursor };
  }

  @Post(':taskId/cancel')
  @HttpCode(HttpStatus.ACCEPTED)
  @ApiOperation({ summary: 'Cancel one task; refused once it was decided to publish it' })
  @Answers(202, TaskChanged, 'The task')
  @Problems('task.unknown', 'task.settled', 'task.declined', 'task.publishing')
  cancel(
    @Param('taskId', TaskIdParam) taskId: TaskId,
    @Body() { reason = 'A person cancelled it.' }: ReasonDto,
    @CurrentPrincipal() principal: string,
    @CommandId() commandId: string,
  ) {
    return this.end(taskId, { type: 'cancel', reason }, principal, commandId);
  }

  @Post(':taskId/discard')
  @HttpCode(HttpStatus.ACCEPTED)
  @ApiOperation({ summary: 'Give up a blocked task' })
  @Answers(202, TaskChanged, 'The task')
  @Problems('task.unknown', 'task.settled', 'task.declined', 'task.not-blocked')
  discard(
    @Param('taskId', TaskIdParam) taskId: TaskId,
    @Body() { reason = 'A person discarded it.' }: ReasonDto,
    @CurrentPrincipal() principal: string,
    @CommandId() commandId: string,
  ) {
    return this.end(taskId, { type: 'discard', reason }, principal, commandId);
  }

  @Post(':taskId/retry')
  @HttpCode(HttpStatus.ACCEPTED)
  @ApiOperation({ summary: 'Do a settled task again, as a follow-up plan of one task' })
  @Answers(202, SprintView, 'The sprint of the follow-up')
  @Problems('task.unknown', ...NOT_FOLLOWED)
  retry(
    @Param('taskId', TaskIdParam) taskId: TaskId,
    @Body() { agent }: RetryDto = {},
    @CurrentPrincipal() principal: string,
    @CommandId() commandId: string,
  ) {
    return this.followUp(taskId, { agent }, issuedBy(principal, commandId, { retry: taskId, agent }));
  }

  @Post(':taskId/request-changes')
  @HttpCode(HttpStatus.ACCEPTED)
  @ApiOperation({ summary: 'Do a settled task again with a comment on its last candidate, as a plan of one task' })
  @Answers(202, SprintView, 'The sprint of the follow-up')
  @Problems('task.unknown', 'task.no-candidate', ...NOT_FOLLOWED)
  requestChanges(
    @Param('taskId', TaskIdParam) taskId: TaskId,
    @Body() { comment, agent }: RequestChangesDto,
    @CurrentPrincipal() principal: string,
    @CommandId() commandId: string,
  ) {
    const issued = issuedBy(principal, commandId, { requestChanges: taskId, comment, agent });
    return this.followUp(taskId, { comment, agent }, issued);
  }

  private async followUp(taskId: TaskId, difference: Difference, issued: Issued) {
    const { state, cursor } = await this.commands.execute(new FollowUpTaskCommand(taskId, difference, issued));
    if (state.status === 'absent') throw new HyperRunError('sprint.unknown', 'The follow-up is gone.');
    return (await this.queries.execute(new FindSprintQuery(state.sprintId, cursor))).view;
  }

  private async end(
    taskId: TaskId,
    ending: { type: 'cancel' | 'discard'; reason: string },
    principal: string,
    commandId: string,
  ) {
    const issued = issuedBy(principal, commandId, { taskId, ending });
    const { cursor } = await this.commands.execute(new EndTaskCommand(taskId, ending, issued));
    const { view } = await this.queries.execute(new FindTaskQuery(taskId, cursor));
    return { ...view, cursor };
  }
}
