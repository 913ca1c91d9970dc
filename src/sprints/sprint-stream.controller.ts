import { Controller, Get, Headers, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HyperRunError, taskStream, type SprintId, type TaskId } from '#contracts';
import { task, type SprintState } from '#domain';
import type { EventStore } from '#event-store';
import { AnswersStream, Problems } from '../http/answers.decorator.js';
import { SprintIdParam } from '../http/id.params.js';
import { IdList, WordList } from '../http/list.decorator.js';
import { cursorOf, ListenDto } from '../http/listen.dto.js';
import { Hello } from '../http/stream.schema.js';
import { EVENT_STORE } from '../log/log.port.js';
import { ProjectionHub } from '../stream/projection-hub.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { SprintProjection, type TaskNow, type TasksNow } from './sprint-projection.js';
import { SPRINT_ENTITIES, SprintSnapshot, SprintUpsert } from './sprint-stream.schema.js';

export class FollowSprintDto extends ListenDto {
  @WordList('Kinds of entities', SPRINT_ENTITIES, `some of ${SPRINT_ENTITIES.join(', ')}`)
  readonly kind?: readonly string[];

  @IdList('Ids of entities')
  readonly id?: readonly string[];
}

@ApiTags('sprints')
@ApiBearerAuth()
@Controller('hyper-running/sprints/:sprintId')
export class SprintStreamController {
  constructor(
    private readonly hub: ProjectionHub,
    private readonly live: LiveWorld,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  @Get('stream')
  @ApiOperation({
    summary:
      'A plan or sprint as it changes (SSE): a snapshot, then its plan, itself, its tasks and alerts, each whole when it changes',
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'Cursor from before: no snapshot, only what changed.',
  })
  @AnswersStream('`id:` is where to go on from. `hello` and `snapshot` are told apart by `event:`.', {
    hello: Hello,
    snapshot: SprintSnapshot,
    message: SprintUpsert,
  })
  @Problems('sprint.unknown', 'stream.full', 'service.stopping')
  async stream(
    @Param('sprintId', SprintIdParam) sprintId: SprintId,
    @Query() query: FollowSprintDto,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const state = this.live.world.sprints.get(sprintId);
    if (state === undefined || state.status === 'absent')
      throw new HyperRunError('sprint.unknown', `There is no plan and no sprint "${sprintId}".`);
    // What is over stays as it is. Of what is not, the world knows the tasks, in this very tick.
    const settled: TasksNow = state.status === 'completed' ? await this.tasksOf(state) : new Map();
    const open = () => new SprintProjection(this.live.world, sprintId, settled);
    const topic = { stream: 'sprint', name: `sprint/${sprintId}`, open } as const;
    const filter = { kinds: query.kind ?? [], ids: query.id ?? [] };
    return this.hub.follow(topic, filter, { request, reply, cursor: cursorOf(lastEventId, query) });
  }

  private async tasksOf(state: SprintState & { readonly status: 'completed' }): Promise<TasksNow> {
    const ids = [...state.taskIds, ...state.declined];
    return new Map(await Promise.all(ids.map(async (id) => [id, await this.taskOf(id)] as const)));
  }

  private async taskOf(id: TaskId): Promise<TaskNow> {
    let now: TaskNow = { state: task.initial, revision: 0 };
    for (const event of await this.store.read(taskStream(id))) {
      const state = task.evolve(now.state, event);
      if (state !== now.state) now = { state, revision: event.position };
    }
    return now;
  }
}
