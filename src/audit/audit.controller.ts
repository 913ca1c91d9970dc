import { Controller, Get, Headers, Inject, Param, Query, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOperation, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { toEnvelope, type SprintId } from '#contracts';
import type { EventStore } from '#event-store';
import { exportLines } from '#seal';
import { Answers, CURSOR_PROBLEMS, Problems } from '../http/answers.decorator.js';
import { AtDto } from '../http/at.dto.js';
import { EventPage } from '../http/event.schema.js';
import { SprintIdParam } from '../http/id.params.js';
import { JSON_SEQUENCE, linesOf, sequenceOf, wantsSequence } from '../http/json-sequence.js';
import { PageDto } from '../http/page.dto.js';
import { pageOf } from '../http/page.js';
import { EVENT_STORE } from '../log/log.port.js';
import { KnownHistories } from './known-histories.js';
import { MakeReportQuery } from './make-report.query.js';
import { reportMarkdown } from './report.js';
import { Report, VerifiedSprint } from './report.schema.js';
import { readSprint } from './sprint-streams.js';
import { VerifySprintQuery } from './verify-sprint.query.js';
import { wholeHistory } from './whole-history.js';

const NDJSON = 'application/x-ndjson';

export class ReportDto extends AtDto {
  @ApiPropertyOptional({ enum: ['json', 'markdown'], description: 'Instead of the Accept header.' })
  @IsOptional()
  @IsIn(['json', 'markdown'])
  format?: 'json' | 'markdown';
}

@ApiTags('audit')
@ApiBearerAuth()
@Controller('hyper-running/sprints/:sprintId')
export class AuditController {
  constructor(
    private readonly queries: QueryBus,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly histories: KnownHistories,
  ) {}

  @Get('events')
  @ApiOperation({
    summary:
      'The history of a sprint in order, paged; as a JSON sequence the same in one answer; as NDJSON the whole sealed export',
  })
  @Answers(
    200,
    EventPage,
    'A page of events; as a JSON sequence: all of them up to now, an Event each; as NDJSON: its first line, one line for each event, its last line',
    {
      or: [JSON_SEQUENCE, NDJSON],
    },
  )
  @Problems('sprint.unknown', 'cursor.invalid')
  async events(
    @Param('sprintId', SprintIdParam) sprintId: SprintId,
    @Query() page: PageDto,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (wantsSequence(accept)) {
      const history = await wholeHistory(this.store, sprintId);
      void reply.header('Content-Type', JSON_SEQUENCE);
      return sequenceOf(history);
    }
    if (accept?.includes(NDJSON) !== true) {
      const { items, ...rest } = pageOf(await this.histories.read(sprintId), page);
      return { items: items.map(toEnvelope), ...rest };
    }
    const history = await readSprint(this.store, sprintId);
    const streams = history.streams.map((stream) => ({ stream, records: this.store.readBytes(stream) }));
    const lines = exportLines({ sprintId, incarnation: this.store.incarnation, streams });
    void reply.header('Content-Type', NDJSON);
    return linesOf(lines);
  }

  @Get('report')
  @ApiOperation({ summary: 'Outcome of each task and why, diffstat, verification, cost, seal; now or at a moment' })
  @Answers(200, Report, 'The report; as Markdown: the body of a pull request', { or: ['text/markdown'] })
  @Problems('sprint.unknown', ...CURSOR_PROBLEMS)
  async report(
    @Param('sprintId', SprintIdParam) sprintId: SprintId,
    @Query() { format, at }: ReportDto,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const report = await this.queries.execute(new MakeReportQuery(sprintId, at));
    if (format !== 'markdown' && (format === 'json' || accept?.includes('text/markdown') !== true)) return report;
    void reply.header('Content-Type', 'text/markdown; charset=utf-8');
    return reportMarkdown(report);
  }

  @Get('verify')
  @ApiOperation({ summary: 'Make the seals anew and compare' })
  @Answers(200, VerifiedSprint, 'Whether they hold, and what does not')
  @Problems('sprint.unknown')
  verify(@Param('sprintId', SprintIdParam) sprintId: SprintId) {
    return this.queries.execute(new VerifySprintQuery(sprintId));
  }
}
