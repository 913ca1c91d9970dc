import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { chanceOf } from '#domain';
import { Answers, CURSOR_PROBLEMS, Problems } from '../http/answers.decorator.js';
import { PageAtDto } from '../http/at.dto.js';
import { pageOf } from '../http/page.js';
import { WorldHistory } from '../world/world-history.port.js';
import { AgentRecordPage } from './agent-records.schema.js';

@ApiTags('agents')
@ApiBearerAuth()
@Controller('agents/records')
export class AgentRecordsController {
  constructor(private readonly history: WorldHistory) {}

  @Get()
  @ApiOperation({
    summary:
      'How often each kind of agent has solved tasks of each kind of finding, now or at a moment: what plans choose by',
  })
  @Answers(200, AgentRecordPage, 'A page of records, by agent and kind of finding; who was never tried has none')
  @Problems(...CURSOR_PROBLEMS)
  async list(@Query() page: PageAtDto) {
    const { world, cursor } = await this.history.wholeAt(page.at);
    const records = [...world.records.records.values()].toSorted(
      (a, b) => a.agent.localeCompare(b.agent) || a.kind.localeCompare(b.kind),
    );
    const views = records.map((record) => ({ ...record, chance: chanceOf(record) }));
    return { ...pageOf(views, page), cursor };
  }
}
