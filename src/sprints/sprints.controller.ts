import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOperation, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { isHyperRunError, type SprintId } from '#contracts';
import { CurrentPrincipal } from '../access/principal.decorator.js';
import { Answers, CURSOR_PROBLEMS, Problems } from '../http/answers.decorator.js';
import { CommandId } from '../http/command-id.decorator.js';
import { SprintIdParam } from '../http/id.params.js';
import { pageOf } from '../http/page.js';
import { issuedBy } from '../world/issued.port.js';
import { AtDto, PageAtDto } from '../http/at.dto.js';
import { IntegrateDto } from './dto/integrate.dto.js';
import { ReasonDto } from './dto/plan.dto.js';
import { FindSprintQuery } from './find-sprint.query.js';
import { IntegrateSprintCommand } from './integrate-sprint.command.js';
import { ListSprintsQuery } from './list-sprints.query.js';
import { SteerSprintCommand, type Steering } from './steer-sprint.command.js';
import { unreadableSprintView, type Known } from './views.js';
import { SprintPage, SprintView } from './views.schema.js';

const NOT_STEERED = ['sprint.unknown', 'sprint.not-running', 'sprint.completed', 'sprint.cancelling'];

export class SprintsDto extends PageAtDto {
  @ApiPropertyOptional({ enum: ['true', 'false'], description: 'With plans that are not approved, or not made yet.' })
  @IsOptional()
  @IsIn(['true', 'false'])
  plans?: 'true' | 'false';
}

@ApiTags('sprints')
@ApiBearerAuth()
@Controller('hyper-running/sprints')
export class SprintsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'All approved sprints, and plans where they are asked for, now or at a moment, newest first',
  })
  @Answers(200, SprintPage, 'A page of sprints')
  @Problems(...CURSOR_PROBLEMS)
  async list(@Query() { plans, ...page }: SprintsDto) {
    const filter = plans === 'true' ? {} : ({ only: 'sprints' } as const);
    const { states, cursor } = await this.queries.execute(new ListSprintsQuery(filter, page.at));
    const { items, next } = pageOf(states, page);
    const then = page.at === undefined ? undefined : cursor;
    return { items: await Promise.all(items.map((state) => this.listed(state, cursor, then))), next, cursor };
  }

  @Get(':sprintId')
  @ApiOperation({ summary: 'One sprint, now or at a moment' })
  @Answers(200, SprintView, 'The sprint')
  @Problems('sprint.unknown', ...CURSOR_PROBLEMS)
  async one(@Param('sprintId', SprintIdParam) sprintId: SprintId, @Query() { at }: AtDto) {
    const { view } = await this.queries.execute(new FindSprintQuery(sprintId, at));
    return view;
  }

  @Post(':sprintId/pause')
  @HttpCode(HttpStatus.ACCEPTED)
  @ApiOperation({ summary: 'No new claim, tool call or model call; what runs may finish its step' })
  @Answers(202, SprintView, 'The sprint')
  @Problems(...NOT_STEERED)
  pause(
    @Param('sprintId', SprintIdParam) sprintId: SprintId,
    @Body() { reason = 'A person asked for it.' }: ReasonDto,
    @CurrentPrincipal() principal: string,
    @CommandId() commandId: string,
  ) {
    return this.steer(sprintId, { type: 'pause', reason }, principal, commandId);
  }

  @Post(':sprintId/resume')
  @HttpCode(HttpStatus.ACCEPTED)
  @ApiOperation({ summary: 'Go on; where the base was red, go on all the same' })
  @Answers(202, SprintView, 'The sprint')
  @Problems(...NOT_STEERED)
  resume(
    @Param('sprintId', SprintIdParam) sprintId: SprintId,
    @CurrentPrincipal() principal: string,
    @CommandId() commandId: string,
  ) {
    return this.steer(sprintId, { type: 'resume' }, principal, commandId);
  }

  @Post(':sprintId/cancel')
  @HttpCode(HttpStatus.ACCEPTED)
  @ApiOperation({ summary: 'End it, or call its integration off; what has been decided to be published still is' })
  @Answers(202, SprintView, 'The sprint')
  @Problems(...NOT_STEERED)
  cancel(
    @Param('sprintId', SprintIdParam) sprintId: SprintId,
    @Body() { reason = 'A person cancelled it.' }: ReasonDto,
    @CurrentPrincipal() principal: string,
    @CommandId() commandId: string,
  ) {
    return this.steer(sprintId, { type: 'cancel', reason }, principal, commandId);
  }

  @Post(':sprintId/integrate')
  @HttpCode(HttpStatus.ACCEPTED)
  @ApiOperation({ summary: 'Merge passed tasks of a completed sprint into one branch, verified as a whole' })
  @Answers(202, SprintView, 'The sprint; `integration` says what becomes of it')
  @Problems(
    'sprint.unknown',
    'sprint.not-completed',
    'sprint.nothing-passed',
    'sprint.integrating',
    'sprint.integrated',
    'task.not-passed',
  )
  async integrate(
    @Param('sprintId', SprintIdParam) sprintId: SprintId,
    @Body() { taskIds }: IntegrateDto,
    @CurrentPrincipal() principal: string,
    @CommandId() commandId: string,
  ) {
    const issued = issuedBy(principal, commandId, { integrate: sprintId, taskIds });
    const { cursor } = await this.commands.execute(new IntegrateSprintCommand(sprintId, issued, taskIds));
    return (await this.queries.execute(new FindSprintQuery(sprintId, cursor))).view;
  }

  /** One sprint that cannot be read whole does not hide the others. */
  private async listed(state: Known, cursor: string, at: string | undefined): Promise<SprintView> {
    try {
      return (await this.queries.execute(new FindSprintQuery(state.sprintId, at))).view;
    } catch (error) {
      if (!isHyperRunError(error) || !error.code.startsWith('archive.')) throw error;
      return unreadableSprintView(state, error.message, cursor);
    }
  }

  private async steer(sprintId: SprintId, steering: Steering, principal: string, commandId: string) {
    const issued = issuedBy(principal, commandId, { sprintId, steering });
    const { cursor } = await this.commands.execute(new SteerSprintCommand(sprintId, steering, issued));
    return (await this.queries.execute(new FindSprintQuery(sprintId, cursor))).view;
  }
}
