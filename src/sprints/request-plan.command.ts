import { Command, CommandBus, CommandHandler, QueryBus, type ICommandHandler } from '@nestjs/cqrs';
import { type PlannedTask, type RequestedChanges, type SprintId, type TaskId } from '#contracts';
import type { BudgetWish } from '#domain';
import { compileScope } from '#workspace';
import { LogMemory } from '../log/log-memory.port.js';
import { FindRepositoryQuery } from '../repositories/find-repository.query.js';
import { RegisterRepositoryCommand } from '../repositories/register-repository.command.js';
import { derivedId, type Issued } from '../world/decisions.port.js';
import { SprintDecisions } from '../world/sprint-decisions.port.js';

export interface PlanWish {
  /** Id or path of a known repository, or the path of one within the allowed roots. */
  readonly repository?: string;
  readonly scope?: readonly string[];
  readonly maxTasks?: number;
  readonly focus?: string;
  /** Protected paths that the plan may name all the same. */
  readonly grants?: readonly string[];
  /** What is to be spent at most, where that is something else than the repository says. */
  readonly budgets?: BudgetWish;
}

/** A settled task that is to be done again, and what is to be different. */
export interface Again {
  readonly follows: TaskId;
  readonly task: PlannedTask;
  readonly changes?: RequestedChanges;
  readonly agent?: string;
}

export interface Requested {
  readonly sprintId: SprintId;
  readonly cursor: string;
}

/** Asks for a scan and a plan. The plan's id follows from who asks and the command id: asking twice plans once. */
export class RequestPlanCommand extends Command<Requested> {
  constructor(
    readonly wish: PlanWish,
    readonly issued: Issued,
    /** Instead of a plan of what is worth most. */
    readonly again?: Again,
  ) {
    super();
  }
}

/** The id of the plan that a command leads to, known before it is made. */
export const sprintIdOf = ({ actor, id }: Issued): SprintId => derivedId('s', actor, id) as SprintId;

@CommandHandler(RequestPlanCommand)
export class RequestPlanHandler implements ICommandHandler<RequestPlanCommand> {
  constructor(
    private readonly decisions: SprintDecisions,
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly memory: LogMemory,
  ) {}

  async execute({ wish, issued, again }: RequestPlanCommand): Promise<Requested> {
    const { scope, maxTasks, focus, grants, budgets } = wish;
    compileScope({ patterns: scope ?? ['**'], ...(grants === undefined ? {} : { grants }) });
    const { repositoryId, path, name } = await this.repositoryOf(wish.repository, issued);
    const sprintId = sprintIdOf(issued);
    const outcome = await this.decisions.make(
      sprintId,
      {
        type: 'request-plan',
        request: {
          sprintId,
          repositoryId,
          path,
          name,
          ...(scope === undefined ? {} : { scope: [...scope] }),
          ...(maxTasks === undefined ? {} : { maxTasks }),
          ...(focus === undefined ? {} : { focus }),
          ...(grants === undefined ? {} : { grants: [...grants] }),
          ...(budgets === undefined ? {} : { budgets }),
          ...(again === undefined ? {} : followUp(again)),
        },
      },
      issued,
      async () => {
        await this.memory.requireRoom();
        return [];
      },
    );
    return { sprintId, cursor: outcome.cursor };
  }

  private async repositoryOf(wanted: string | undefined, issued: Issued) {
    if (wanted === undefined || !wanted.includes('/')) return this.queries.execute(new FindRepositoryQuery(wanted));
    const register = { ...issued, id: `${issued.id}/register`, body: { path: wanted } };
    return this.commands.execute(new RegisterRepositoryCommand(wanted, register));
  }
}

const followUp = ({ follows, task, changes, agent }: Again) => ({
  follows,
  followTask: task,
  ...(changes === undefined ? {} : { changes }),
  ...(agent === undefined ? {} : { agent }),
});
