import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AgentRegistry } from '#agents';
import { Answers } from '../http/answers.decorator.js';
import { PageDto } from '../http/page.dto.js';
import { pageOf } from '../http/page.js';
import { AgentKindPage } from './agent-kinds.schema.js';

@ApiTags('agents')
@ApiBearerAuth()
@Controller('agents/kinds')
export class AgentKindsController {
  constructor(private readonly registry: AgentRegistry) {}

  @Get()
  @ApiOperation({ summary: 'The kinds of agents that a plan may name, and what each would be given' })
  @Answers(200, AgentKindPage, 'A page of kinds')
  list(@Query() page: PageDto) {
    const all = this.registry.kinds().map((kind) => this.registry.describe(kind));
    return pageOf(
      all.map(({ definition: _definition, ...told }) => told),
      page,
    );
  }
}
