import { Controller, Get, Headers, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AnswersStream, Problems } from '../http/answers.decorator.js';
import { IdList } from '../http/list.decorator.js';
import { cursorOf, ListenDto } from '../http/listen.dto.js';
import { Hello } from '../http/stream.schema.js';
import { ProjectionHub, type Entity } from '../stream/projection-hub.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { AgentIsolation, type IsolationOf } from './agent-isolation.port.js';
import { AgentsSnapshot, AgentUpsert } from './swarm.schema.js';
import { agentView } from './views.port.js';

export class FollowAgentsDto extends ListenDto {
  @IdList('Ids of agents')
  readonly agent?: readonly string[];
}

@ApiTags('agents')
@ApiBearerAuth()
@Controller('agents')
export class AgentsStreamController {
  constructor(
    private readonly hub: ProjectionHub,
    private readonly live: LiveWorld,
    private readonly isolation: AgentIsolation,
  ) {}

  @Get('stream')
  @ApiOperation({ summary: 'The swarm as it changes (SSE): a snapshot, then every agent that changes, whole' })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'Cursor from before: no snapshot, only what changed.',
  })
  @AnswersStream('`id:` is where to go on from. `hello` and `snapshot` are told apart by `event:`.', {
    hello: Hello,
    snapshot: AgentsSnapshot,
    message: AgentUpsert,
  })
  @Problems('stream.full', 'service.stopping')
  async stream(
    @Query() query: FollowAgentsDto,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const isolationOf = await this.isolation.measured();
    const topic = { stream: 'agents', name: 'agents', open: () => this.projection(isolationOf) } as const;
    const filter = { kinds: [], ids: query.agent ?? [] };
    return this.hub.follow(topic, filter, { request, reply, cursor: cursorOf(lastEventId, query) });
  }

  private projection(isolationOf: IsolationOf) {
    const entities = (): Entity[] =>
      [...this.live.world.board.agents.values()].map((card) => ({
        kind: 'agent',
        id: card.id,
        revision: card.version,
        view: () => agentView(card, isolationOf),
      }));
    return { fold: () => undefined, entities };
  }
}
