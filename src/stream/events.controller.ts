import { Controller, Get, Header, Headers, Inject, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HyperRunError, isHyperRunError, type Position } from '#contracts';
import type { EventStore } from '#event-store';
import { Answers, AnswersStream, CURSOR_PROBLEMS, Problems } from '../http/answers.decorator.js';
import { Event, HistoryPage } from '../http/event.schema.js';
import { EVENT_STORE } from '../log/log.port.js';
import { cursorOf } from '../http/listen.dto.js';
import { filterOf, FollowDto, HistoryDto } from './filter.dto.js';
import { resetFrame } from './frame.js';
import { readBefore, readHistory, type HistoryPage as HistoryOf } from './history.js';
import { Hello, Reset } from '../http/stream.schema.js';
import { EventHub } from './event-hub.port.js';
import { SseConnections } from './sse-connections.port.js';

const START = 0 as Position;

type Found = Pick<HistoryOf, 'entries' | 'leftOut'>;

interface Start {
  readonly after: Position;
  /** Why the cursor of the client could not be served. */
  readonly reset?: string;
}

@ApiTags('events')
@ApiBearerAuth()
@Controller('events')
export class EventsController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(EventHub) private readonly hub: EventHub,
    @Inject(SseConnections) private readonly connections: SseConnections,
  ) {}

  @Get()
  @Header('Content-Type', 'application/json; charset=utf-8')
  @ApiOperation({
    summary:
      'Events in the order of the log: those after a cursor, or the last ones before one. `next` is where to go on, at the end it stays the same; `previous` is the `before` of older ones, `leftOut` whose events stood in between and were let go of.',
  })
  @Answers(200, HistoryPage, 'A page of events')
  @Problems(...CURSOR_PROBLEMS)
  async history(@Query() query: HistoryDto): Promise<string> {
    const { after, before } = query;
    if (before === undefined) return this.#newer(query, after);
    if (after === undefined) return this.#older(query, before);
    const message = 'expected `after` or `before`, found both';
    throw new HyperRunError('request.invalid', `before: ${message}.`, { errors: [{ field: 'before', message }] });
  }

  async #newer(query: HistoryDto, cursor: string | undefined): Promise<string> {
    const after = cursor === undefined ? START : await this.store.positionOf(cursor);
    const { upTo, ...page } = await readHistory(this.store, filterOf(query), after, query.limit);
    return this.#page(page, { next: upTo });
  }

  async #older(query: HistoryDto, cursor: string): Promise<string> {
    const end = cursor === '' ? (await this.store.top()) + 1 : await this.store.positionOf(cursor);
    const { from, ...page } = await readBefore(this.store, filterOf(query), end as Position, query.limit);
    return this.#page(page, { next: Math.max(0, end - 1), previous: from > 1 ? from : undefined });
  }

  #page({ entries, leftOut }: Found, { next, previous }: { next: number; previous?: number }): string {
    const cursor = (position: number) => JSON.stringify(this.store.cursorOf(position as Position));
    const items = entries.map((entry) => entry.json).join(',');
    const older = previous === undefined ? '' : `,"previous":${cursor(previous)}`;
    const gone = leftOut.length === 0 ? '' : `,"leftOut":${JSON.stringify(leftOut)}`;
    return `{"items":[${items}],"next":${cursor(next)}${older}${gone}}`;
  }

  @Get('stream')
  @ApiOperation({ summary: 'Every event as it happens (SSE). Resumes after `Last-Event-ID` without gap or repeat.' })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Cursor of the last event that was seen.' })
  @AnswersStream('`data:` is an Event in one line, `id:` its cursor. `hello` and `reset` are told apart by `event:`.', {
    hello: Hello,
    reset: Reset,
    message: Event,
  })
  @Problems('stream.full', 'service.stopping')
  async stream(
    @Query() query: FollowDto,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (this.connections.answersHead(request, reply)) return;
    this.connections.requireRoom();
    const { after, reset } = await this.#startOf(cursorOf(lastEventId, query));
    const connection = this.connections.open('events', request, reply, after);
    if (connection === undefined) return;
    if (reset !== undefined) connection.write(resetFrame(this.store, reset, after));
    this.hub.join(connection, filterOf(query), after);
  }

  async #startOf(cursor: string | undefined): Promise<Start> {
    if (cursor === undefined) return { after: this.hub.newest };
    try {
      return { after: await this.store.positionOf(cursor) };
    } catch (error) {
      if (!isHyperRunError(error) || !error.code.startsWith('cursor.')) throw error;
      return { after: this.hub.newest, reset: error.code };
    }
  }
}
