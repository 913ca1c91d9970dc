import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HyperRunError, type AgentId } from '#contracts';
import { Answers, Problems } from '../http/answers.decorator.js';
import { AgentIdParam } from '../http/id.params.js';
import { PageDto } from '../http/page.dto.js';
import { pageOf } from '../http/page.js';
import { IsolationLevel } from '../isolation/isolation-level.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { AgentPage, AgentView } from './swarm.schema.js';
import { agentView } from './views.port.js';

@ApiTags('agents')
@ApiBearerAuth()
@Controller('agents')
export class AgentsController {
  constructor(
    private readonly live: LiveWorld,
    private readonly isolation: IsolationLevel,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The swarm: name, role, status, current task, last progress' })
  @Answers(200, AgentPage, 'A page of agents')
  async list(@Query() page: PageDto) {
    const { level } = await this.isolation.measured();
    const cards = [...this.live.world.board.agents.values()].toSorted((a, b) => a.id.localeCompare(b.id));
    return pageOf(
      cards.map((card) => agentView(card, level)),
      page,
    );
  }

  @Get(':agentId')
  @ApiOperation({ summary: 'One agent' })
  @Answers(200, AgentView, 'The agent')
  @Problems('agent.unknown')
  async one(@Param('agentId', AgentIdParam) agentId: AgentId) {
    const card = this.live.world.board.agents.get(agentId);
    if (card === undefined) throw new HyperRunError('agent.unknown', `There is no agent "${agentId}".`);
    return agentView(card, (await this.isolation.measured()).level);
  }
}
