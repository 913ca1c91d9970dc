import { Module } from '@nestjs/common';
import { StreamModule } from '../stream/stream.module.js';
import { AnswerTaskHandler } from './answer-task.command.js';
import { ApprovePlanHandler } from './approve-plan.command.js';
import { DiffTaskHandler } from './diff-task.query.js';
import { EndTaskHandler } from './end-task.command.js';
import { FindSprintHandler } from './find-sprint.query.js';
import { FindTaskHandler } from './find-task.query.js';
import { FindingsController } from './findings.controller.js';
import { FollowUpTaskHandler } from './follow-up-task.command.js';
import { IntegrateSprintHandler } from './integrate-sprint.command.js';
import { ListFindingsHandler } from './list-findings.query.js';
import { ListSprintsHandler } from './list-sprints.query.js';
import { MadePlanHandler } from './made-plan.query.js';
import { PlansController } from './plans.controller.js';
import { RequestPlanHandler } from './request-plan.command.js';
import { ReviewPlanHandler } from './review-plan.command.js';
import { SprintStreamController } from './sprint-stream.controller.js';
import { SprintsController } from './sprints.controller.js';
import { SprintsMessages } from './sprints.messages.js';
import { SteerSprintHandler } from './steer-sprint.command.js';
import { TasksController } from './tasks.controller.js';
import { TasksMessages } from './tasks.messages.js';

@Module({
  imports: [StreamModule],
  controllers: [
    FindingsController,
    PlansController,
    SprintStreamController,
    SprintsController,
    SprintsMessages,
    TasksController,
    TasksMessages,
  ],
  providers: [
    AnswerTaskHandler,
    ApprovePlanHandler,
    DiffTaskHandler,
    EndTaskHandler,
    FindSprintHandler,
    FindTaskHandler,
    FollowUpTaskHandler,
    IntegrateSprintHandler,
    ListFindingsHandler,
    ListSprintsHandler,
    MadePlanHandler,
    RequestPlanHandler,
    ReviewPlanHandler,
    SteerSprintHandler,
  ],
})
export class SprintsModule {}
