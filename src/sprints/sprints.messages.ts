import { Controller } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { ApiExcludeController } from '@nestjs/swagger';
import { HyperRunError, type SprintId } from '#contracts';
import { RpcAccess, RpcPrincipal } from '../access/rpc.decorator.js';
import { issuedBy } from '../world/issued.port.js';
import { ApprovePlanCommand } from './approve-plan.command.js';
import {
  EditMessage,
  ExecuteMessage,
  GetMessage,
  IntegrateMessage,
  PlanMessage,
  RejectMessage,
  SteerMessage,
} from './dto/message.dto.js';
import { FindSprintQuery } from './find-sprint.query.js';
import { IntegrateSprintCommand } from './integrate-sprint.command.js';
import { MadePlanQuery } from './made-plan.query.js';
import { RequestPlanCommand } from './request-plan.command.js';
import { ReviewPlanCommand, type Review } from './review-plan.command.js';
import { SteerSprintCommand, type Steering } from './steer-sprint.command.js';
import { planView } from './views.js';

const PLAN_WAIT_MS = 55_000;

/**
 * The same over the Redis transport. Every instance hears every message and each one carries it out under the same
 * command id, so that it happens once and all answer alike.
 */
@RpcAccess()
@ApiExcludeController()
@Controller()
export class SprintsMessages {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @MessagePattern('sprint.plan')
  async plan(@Payload() { commandId, token: _token, ...wish }: PlanMessage, @RpcPrincipal() principal: string) {
    const issued = issuedBy(principal, commandId, { plan: wish });
    const { sprintId } = await this.commands.execute(new RequestPlanCommand(wish, issued));
    const { state, cursor } = await this.queries.execute(new MadePlanQuery(sprintId, PLAN_WAIT_MS));
    if (state.status === 'failed') throw new HyperRunError(state.code, state.reason, { planId: sprintId });
    return { ...planView(state), cursor };
  }

  @MessagePattern('sprint.execute')
  async execute(@Payload() { commandId, token: _token, ...body }: ExecuteMessage, @RpcPrincipal() principal: string) {
    const { planId, ...approval } = body;
    const issued = issuedBy(principal, commandId, { execute: body });
    const { cursor } = await this.commands.execute(new ApprovePlanCommand(planId, approval, issued));
    return this.viewOfSprint(planId, cursor);
  }

  @MessagePattern('sprint.get')
  get(@Payload() { sprintId }: GetMessage) {
    return this.viewOfSprint(sprintId);
  }

  @MessagePattern('sprint.pause')
  pause(@Payload() message: SteerMessage, @RpcPrincipal() principal: string) {
    return this.steer(message, { type: 'pause', reason: message.reason ?? 'A person asked for it.' }, principal);
  }

  @MessagePattern('sprint.resume')
  resume(@Payload() message: SteerMessage, @RpcPrincipal() principal: string) {
    return this.steer(message, { type: 'resume' }, principal);
  }

  @MessagePattern('sprint.cancel')
  cancel(@Payload() message: SteerMessage, @RpcPrincipal() principal: string) {
    return this.steer(message, { type: 'cancel', reason: message.reason ?? 'A person cancelled it.' }, principal);
  }

  @MessagePattern('sprint.integrate')
  async integrate(@Payload() { sprintId, taskIds, commandId }: IntegrateMessage, @RpcPrincipal() principal: string) {
    const issued = issuedBy(principal, commandId, { integrate: sprintId, taskIds });
    const { cursor } = await this.commands.execute(new IntegrateSprintCommand(sprintId, issued, taskIds));
    return this.viewOfSprint(sprintId, cursor);
  }

  @MessagePattern('plan.edit')
  edit(@Payload() { planId, planHash, edit, commandId }: EditMessage, @RpcPrincipal() principal: string) {
    return this.review(planId, { type: 'edit', ifHash: planHash, edit }, principal, commandId);
  }

  @MessagePattern('plan.reject')
  reject(
    @Payload() { planId, commandId, reason = 'No reason given.' }: RejectMessage,
    @RpcPrincipal() principal: string,
  ) {
    return this.review(planId, { type: 'reject', reason }, principal, commandId);
  }

  private async steer({ sprintId, commandId }: SteerMessage, steering: Steering, principal: string) {
    const issued = issuedBy(principal, commandId, { sprintId, steering });
    const { cursor } = await this.commands.execute(new SteerSprintCommand(sprintId, steering, issued));
    return this.viewOfSprint(sprintId, cursor);
  }

  private async review(planId: SprintId, review: Review, principal: string, commandId: string) {
    const issued = issuedBy(principal, commandId, { planId, review });
    const { cursor } = await this.commands.execute(new ReviewPlanCommand(planId, review, issued));
    return { ...(await this.viewOfPlan(planId, cursor)), cursor };
  }

  /** As it was at the cursor of a command: however late or often it is answered, the answer is the same. */
  private async viewOfSprint(sprintId: SprintId, at?: string) {
    return (await this.queries.execute(new FindSprintQuery(sprintId, at))).view;
  }

  private async viewOfPlan(sprintId: SprintId, at?: string) {
    return planView((await this.queries.execute(new FindSprintQuery(sprintId, at))).state);
  }
}
