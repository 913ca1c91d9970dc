import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HyperRunError, type AgentId } from '#contracts';
import { Answers, Problems } from '../http/answers.decorator.js';
import { AgentIdParam } from '../http/id.params.js';
import { PageDto } from '../http/page.dto.js';
import { pageOf } from '../http/page.js';
import { IsolationLevel } from '../isolation/isolation-level.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { AgentKinds, type KindHere } from './agent-kinds.port.js';
import { AgentKindList, AgentPage, AgentView } from './swarm.schema.js';
import { agentView } from './views.port.js';

@ApiTags('agents')
@ApiBearerAuth()
@Controller('agents')
export class AgentsController {
  constructor(
    private readonly live: LiveWorld,
    private readonly isolation: IsolationLevel,
    private readonly kinds: AgentKinds,
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

  @Get('kinds')
  @ApiOperation({ summary: 'Which kinds of agents there are, and what keeps one from working here' })
  @Answers(200, AgentKindList, 'Built-in ones first, then as agents.json names them')
  async all() {
    return { items: (await this.kinds.list()).map(kindView) };
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

const kindView = ({ kind, name, role, planned, does, understandsWords, unusable }: KindHere) => {
  const { digest, adapter, workplace, model, host, credential } = planned;
  const given = { adapter, workplace, model, host, credential };
  return {
    kind,
    name,
    role,
    digest,
    ...given,
    does: [...does],
    understandsWords,
    usable: unusable === undefined,
    unusable,
  };
};
