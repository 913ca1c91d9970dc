import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HyperRunError, type AgentId } from '#contracts';
import { Answers, CURSOR_PROBLEMS, Problems } from '../http/answers.decorator.js';
import { AtDto, PageAtDto } from '../http/at.dto.js';
import { AgentIdParam } from '../http/id.params.js';
import { pageOf } from '../http/page.js';
import { WorldHistory } from '../world/world-history.port.js';
import { AgentIsolation } from './agent-isolation.port.js';
import { AgentPage, AgentView } from './swarm.schema.js';
import { agentView } from './views.port.js';

@ApiTags('agents')
@ApiBearerAuth()
@Controller('agents')
export class AgentsController {
  constructor(
    private readonly history: WorldHistory,
    private readonly isolation: AgentIsolation,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The swarm, now or at a moment: name, role, status, current task, last progress' })
  @Answers(200, AgentPage, 'A page of agents; their isolation is that of now')
  @Problems(...CURSOR_PROBLEMS)
  async list(@Query() page: PageAtDto) {
    const isolationOf = await this.isolation.measured();
    const { world, cursor } = await this.history.wholeAt(page.at);
    const cards = [...world.board.agents.values()].toSorted((a, b) => a.id.localeCompare(b.id));
    const views = cards.map((card) => agentView(card, isolationOf));
    return { ...pageOf(views, page), cursor };
  }

  @Get(':agentId')
  @ApiOperation({ summary: 'One agent, now or at a moment' })
  @Answers(200, AgentView, 'The agent; its isolation is that of now')
  @Problems('agent.unknown', ...CURSOR_PROBLEMS)
  async one(@Param('agentId', AgentIdParam) agentId: AgentId, @Query() { at }: AtDto) {
    const isolationOf = await this.isolation.measured();
    const { world } = await this.history.wholeAt(at);
    const card = world.board.agents.get(agentId);
    if (card === undefined)
      throw new HyperRunError('agent.unknown', `There is no agent "${agentId}"${at === undefined ? '' : ` at ${at}`}.`);
    return agentView(card, isolationOf);
  }
}
