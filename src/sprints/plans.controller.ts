import {
  Body,
  Controller,
  Get,
  Header,
  Headers,
  HttpCode,
  HttpStatus,
  Param,
  Patch,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { HyperRunError, Plan, type SprintId } from '#contracts';
import { CurrentPrincipal } from '../access/principal.decorator.js';
import { Answers, CURSOR_PROBLEMS, Problems } from '../http/answers.decorator.js';
import { CommandId } from '../http/command-id.decorator.js';
import { pageOf } from '../http/page.js';
import { SprintIdParam } from '../http/id.params.js';
import { CompareWithHeadQuery } from '../repositories/compare-with-head.query.js';
import { proposedSprintSchema } from '../strategist/proposed-sprint.port.js';
import { issuedBy } from '../world/issued.port.js';
import { ApprovePlanCommand } from './approve-plan.command.js';
import { AtDto, PageAtDto } from '../http/at.dto.js';
import { EditPlanDto, ExecutePlanDto, ReasonDto, RequestPlanDto } from './dto/plan.dto.js';
import { FindSprintQuery } from './find-sprint.query.js';
import { ListSprintsQuery } from './list-sprints.query.js';
import { MadePlanQuery } from './made-plan.query.js';
import { RequestPlanCommand } from './request-plan.command.js';
import { ReviewPlanCommand } from './review-plan.command.js';
import { PlanPage, PlanView, SprintView } from './views.schema.js';
import { planView, type Known } from './views.js';

/** How long a request waits for its plan before it is answered with 202. */
const PLAN_WAIT_MS = 55_000;

const TAG = { ETag: '`"<planHash>"`: what an edit names in If-Match' };
const PLACE = { Location: 'The plan' };
const DECIDED = ['sprint.unknown', 'plan.not-ready', 'plan.already-decided', 'plan.expired'];

@ApiTags('plans')
@ApiBearerAuth()
@Controller('hyper-running')
export class PlansController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post('plan')
  @ApiOperation({ summary: 'Scan a repository and propose a small sprint' })
  @ApiHeader({ name: 'Prefer', required: false, description: '`respond-async`: answer 202 at once' })
  @Answers(201, PlanView, 'The plan', { headers: { ...TAG, ...PLACE } })
  @Answers(202, PlanView, 'The scan goes on; look at Location', { headers: PLACE })
  @Problems(
    'log.nearly-full',
    'repository.unknown',
    'repository.not-allowed',
    'repository.outside-roots',
    'repository.ambiguous',
    'repository.not-found',
    'repository.not-a-repository',
    'repository.unreadable',
    'repository.empty',
    'repository.branch-in-the-way',
    'repository.unsupported-format',
    'repository.invalid-config',
    'scope.invalid-pattern',
  )
  async plan(
    @Body() body: RequestPlanDto,
    @CurrentPrincipal() principal: string,
    @CommandId() commandId: string,
    @Headers('prefer') prefer: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const issued = issuedBy(principal, commandId, { plan: body });
    const { sprintId } = await this.commands.execute(new RequestPlanCommand(body, issued));
    const waits = !/\brespond-async\b/.test(prefer ?? '');
    const { state, cursor } = await this.queries.execute(new MadePlanQuery(sprintId, waits ? PLAN_WAIT_MS : 0));
    if (waits && state.status === 'failed') throw new HyperRunError(state.code, state.reason, { planId: sprintId });
    void reply.status(state.status === 'analysing' ? HttpStatus.ACCEPTED : HttpStatus.CREATED);
    void reply.header('Location', `/hyper-running/plans/${sprintId}`);
    return { ...tagged(reply, state), cursor };
  }

  @Get('plans')
  @ApiOperation({ summary: 'All plans, now or at a moment, newest first' })
  @Answers(200, PlanPage, 'A page of plans')
  @Problems(...CURSOR_PROBLEMS)
  async plans(@Query() page: PageAtDto) {
    const { states, cursor } = await this.queries.execute(new ListSprintsQuery({}, page.at));
    return { ...pageOf(states.map(planView), page), cursor };
  }

  @Get('proposed_sprint.schema.json')
  @ApiOperation({ summary: 'JSON Schema of proposed_sprint.json' })
  @ApiOkResponse({ description: 'JSON Schema 2020-12', schema: { type: 'object' } })
  schema() {
    return proposedSprintSchema();
  }

  @Get('plans/:planId')
  @ApiOperation({ summary: 'One plan, now or at a moment' })
  @Answers(200, PlanView, 'The plan', { headers: TAG })
  @Problems('sprint.unknown', ...CURSOR_PROBLEMS)
  async one(
    @Param('planId', SprintIdParam) planId: SprintId,
    @Query() { at }: AtDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { state } = await this.queries.execute(new FindSprintQuery(planId, at));
    return { ...tagged(reply, state), ...(await this.headOf(state)) };
  }

  @Get('plans/:planId/proposed_sprint.json')
  @Header('Content-Disposition', 'attachment; filename="proposed_sprint.json"')
  @ApiOperation({ summary: 'The plan as a file, now or at a moment' })
  @Answers(200, Plan, 'The plan')
  @Problems('sprint.unknown', 'plan.not-ready', ...CURSOR_PROBLEMS)
  async file(@Param('planId', SprintIdParam) planId: SprintId, @Query() { at }: AtDto) {
    const { state } = await this.queries.execute(new FindSprintQuery(planId, at));
    if (!('plan' in state)) throw new HyperRunError('plan.not-ready', 'There is no plan yet.');
    return state.plan;
  }

  @Patch('plans/:planId')
  @ApiOperation({
    summary: 'Edit a plan that was read: drop, order, retitle, instruct, choose the agent, set the scope',
  })
  @ApiHeader({ name: 'If-Match', required: true, description: '`"<planHash>"` of the plan that was read' })
  @Answers(200, PlanView, 'The plan as it is now, with its new hash', { headers: TAG })
  @Problems(
    ...DECIDED,
    'plan.edit-stale',
    'plan.if-match-required',
    'plan.empty',
    'plan.unknown-task',
    'plan.paths-widened',
    'plan.instructions-unheard',
    'plan.scope-fixed',
    'scope.invalid-path',
    'agent.unknown',
    'scope.invalid-pattern',
  )
  async edit(
    @Param('planId', SprintIdParam) planId: SprintId,
    @Body() body: EditPlanDto,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentPrincipal() principal: string,
    @CommandId() commandId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const ifHash = /^(?:W\/)?"([0-9a-f]{64})"$/.exec(ifMatch ?? '')?.[1];
    if (ifHash === undefined)
      throw new HyperRunError(
        'plan.if-match-required',
        'If-Match: send "<planHash>", in quotes, of the plan that you read.',
      );
    const issued = issuedBy(principal, commandId, { edit: body, ifHash, planId });
    const { state, cursor } = await this.commands
      .execute(new ReviewPlanCommand(planId, { type: 'edit', ifHash, edit: body }, issued))
      .catch((error: unknown) => {
        if (error instanceof HyperRunError && error.code === 'plan.stale-hash')
          throw new HyperRunError('plan.edit-stale', error.message, error.details);
        throw error;
      });
    if (state.status === 'absent') throw new HyperRunError('sprint.unknown', 'There is no plan with this id.');
    return { ...tagged(reply, state), cursor };
  }

  @Post('plans/:planId/reject')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Reject a plan' })
  @Answers(200, PlanView, 'The rejected plan')
  @Problems(...DECIDED)
  async reject(
    @Param('planId', SprintIdParam) planId: SprintId,
    @Body() { reason = 'No reason given.' }: ReasonDto,
    @CurrentPrincipal() principal: string,
    @CommandId() commandId: string,
  ) {
    const issued = issuedBy(principal, commandId, { reject: reason, planId });
    const { state, cursor } = await this.commands.execute(
      new ReviewPlanCommand(planId, { type: 'reject', reason }, issued),
    );
    if (state.status === 'absent') throw new HyperRunError('sprint.unknown', 'There is no plan with this id.');
    return { ...planView(state), cursor };
  }

  @Post('execute')
  @HttpCode(HttpStatus.ACCEPTED)
  @ApiOperation({ summary: 'Approve exactly the plan that was read, and run it' })
  @Answers(202, SprintView, 'The sprint; its id is that of the plan')
  @Problems(
    'log.nearly-full',
    ...DECIDED,
    'plan.stale-hash',
    'plan.base-moved',
    'repository.busy',
    'plan.unattended-refused',
    'plan.nothing-approved',
    'plan.unknown-task',
  )
  async execute(@Body() body: ExecutePlanDto, @CurrentPrincipal() principal: string, @CommandId() commandId: string) {
    const { planId, ...approval } = body;
    const issued = issuedBy(principal, commandId, { execute: body });
    const { cursor } = await this.commands.execute(new ApprovePlanCommand(planId, approval, issued));
    return (await this.queries.execute(new FindSprintQuery(planId, cursor))).view;
  }

  /** What a person must know who is about to decide: whether the repository has gone on since the plan was made. */
  private async headOf(state: Known) {
    if (state.status !== 'proposed') return {};
    const { repository, baseCommit, tasks } = state.plan;
    const paths = tasks.flatMap((task) => task.paths);
    const head = await this.queries.execute(new CompareWithHeadQuery(repository.path, baseCommit, paths));
    return head === undefined ? {} : { head };
  }
}

/** The plan, with its hash as the entity tag that an edit has to name. */
const tagged = (reply: FastifyReply, state: Known) => {
  if ('plan' in state) void reply.header('ETag', `"${state.plan.planHash}"`);
  return planView(state);
};
