import { Controller, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../access/principal.decorator.js';
import { Answers, CURSOR_PROBLEMS, Problems } from '../http/answers.decorator.js';
import { CommandId } from '../http/command-id.decorator.js';
import { PageAtDto } from '../http/at.dto.js';
import { pageOf } from '../http/page.js';
import { issuedBy } from '../world/issued.port.js';
import { WorldHistory } from '../world/world-history.port.js';
import { AcknowledgeAlertCommand } from './acknowledge-alert.command.js';
import { Acknowledged, AlertPage } from './swarm.schema.js';
import { alertView } from './views.port.js';

@ApiTags('alerts')
@ApiBearerAuth()
@Controller('alerts')
export class AlertsController {
  constructor(
    private readonly history: WorldHistory,
    private readonly commands: CommandBus,
  ) {}

  @Get()
  @ApiOperation({
    summary:
      'What needs a person, now or at a moment: stalled tasks, violated scopes, trouble with the log; newest first',
  })
  @Answers(200, AlertPage, 'A page of alerts')
  @Problems(...CURSOR_PROBLEMS)
  async list(@Query() page: PageAtDto) {
    const { world, cursor } = await this.history.wholeAt(page.at);
    const alerts = [...world.alerts.values()].toSorted((a, b) => b.time - a.time);
    return { ...pageOf(alerts.map(alertView), page), cursor };
  }

  @Post(':alertId/acknowledge')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'A person has seen it' })
  @Answers(200, Acknowledged, 'It is acknowledged')
  @Problems('alert.unknown')
  async acknowledge(
    @Param('alertId') alertId: string,
    @CurrentPrincipal() principal: string,
    @CommandId() commandId: string,
  ) {
    return this.commands.execute(
      new AcknowledgeAlertCommand(alertId, issuedBy(principal, commandId, { acknowledge: alertId })),
    );
  }
}
