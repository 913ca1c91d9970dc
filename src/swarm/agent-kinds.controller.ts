import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Answers } from '../http/answers.decorator.js';
import { PageDto } from '../http/page.dto.js';
import { pageOf } from '../http/page.js';
import { AgentKinds } from './agent-kinds.port.js';
import { AgentKindPage } from './agent-kinds.schema.js';

@ApiTags('agents')
@ApiBearerAuth()
@Controller('agents/kinds')
export class AgentKindsController {
  constructor(private readonly kinds: AgentKinds) {}

  @Get()
  @ApiOperation({
    summary: 'The kinds of agents that a plan may name, what each would be given, and what keeps one from working here',
  })
  @Answers(200, AgentKindPage, 'A page of kinds')
  async list(@Query() page: PageDto) {
    const all = await this.kinds.list();
    return pageOf(
      all.map(({ definition: _definition, ...told }) => told),
      page,
    );
  }
}
