import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { DEFAULT_HUB_OPTIONS, EventHub, HUB_OPTIONS } from './event-hub.port.js';
import { EventsController } from './events.controller.js';
import { FeedTail } from './feed-tail.port.js';
import { ProjectionHub } from './projection-hub.port.js';
import { DEFAULT_SSE_OPTIONS, SSE_OPTIONS, SseConnections } from './sse-connections.port.js';

/** The log going out live. */
@Module({
  imports: [CqrsModule],
  controllers: [EventsController],
  providers: [
    FeedTail,
    EventHub,
    ProjectionHub,
    SseConnections,
    { provide: HUB_OPTIONS, useValue: DEFAULT_HUB_OPTIONS },
    { provide: SSE_OPTIONS, useValue: DEFAULT_SSE_OPTIONS },
  ],
  exports: [EventHub, FeedTail, ProjectionHub, SseConnections],
})
export class StreamModule {}
