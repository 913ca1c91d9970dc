import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOperation, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { FindingSource, HyperRunError } from '#contracts';
import { CurrentPrincipal } from '../access/principal.decorator.js';
import { Answers, CURSOR_PROBLEMS, Problems } from '../http/answers.decorator.js';
import { CommandId } from '../http/command-id.decorator.js';
import { PageAtDto } from '../http/at.dto.js';
import { pageOf } from '../http/page.js';
import { DismissFindingCommand } from '../repositories/dismiss-finding.command.js';
import { issuedBy } from '../world/issued.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { ReasonDto } from './dto/plan.dto.js';
import { ListFindingsQuery } from './list-findings.query.js';
import { Dismissed, FindingPage } from './views.schema.js';

export class FindingsDto extends PageAtDto {
  @ApiPropertyOptional({ description: 'Id or path; may be left out while there is only one repository.' })
  @IsOptional()
  @IsString()
  @MaxLength(4096)
  repository?: string;

  @ApiPropertyOptional({ enum: FindingSource.options })
  @IsOptional()
  @IsIn(FindingSource.options)
  source?: FindingSource;
}

@ApiTags('findings')
@ApiBearerAuth()
@Controller('findings')
export class FindingsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly live: LiveWorld,
  ) {}

  @Get()
  @ApiOperation({ summary: 'What the last scan found, now or at a moment, inside and outside the scope' })
  @Answers(200, FindingPage, 'A page of findings')
  @Problems('repository.unknown', 'repository.ambiguous', ...CURSOR_PROBLEMS)
  async list(@Query() query: FindingsDto) {
    const { findings, ...scan } = await this.queries.execute(new ListFindingsQuery(query.repository, query.at));
    const wanted = findings.filter((finding) => query.source === undefined || finding.source === query.source);
    return { ...scan, total: wanted.length, ...pageOf(wanted, query) };
  }

  @Post(':findingId/dismiss')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Never propose this finding again' })
  @Answers(200, Dismissed, 'It is dismissed')
  @Problems('finding.unknown', 'repository.unknown', 'repository.ambiguous')
  async dismiss(
    @Param('findingId') findingId: string,
    @Query() { repository }: FindingsDto,
    @Body() { reason = 'No reason given.' }: ReasonDto,
    @CurrentPrincipal() principal: string,
    @CommandId() commandId: string,
  ) {
    const { repositoryId, findings } = await this.queries.execute(new ListFindingsQuery(repository));
    const repositoryNow = this.live.world.repositories.get(repositoryId);
    const dismissed = repositoryNow?.status === 'registered' && repositoryNow.dismissed.has(findingId);
    if (!dismissed && !findings.some((finding) => finding.findingId === findingId))
      throw new HyperRunError('finding.unknown', `The last scan of ${repositoryId} found no "${findingId}".`);
    const issued = issuedBy(principal, commandId, { dismiss: findingId, reason });
    return this.commands.execute(new DismissFindingCommand(repositoryId, findingId, reason, issued));
  }
}
