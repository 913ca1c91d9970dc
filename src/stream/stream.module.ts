import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { EventsController } from './events.controller.js';
import { FeedTail } from './feed-tail.port.js';
import { DEFAULT_HUB_OPTIONS, HUB_OPTIONS, SseHub } from './sse-hub.port.js';

/** The log going out live. */
@Module({
  imports: [CqrsModule],
  controllers: [EventsController],
  providers: [FeedTail, SseHub, { provide: HUB_OPTIONS, useValue: DEFAULT_HUB_OPTIONS }],
  exports: [FeedTail, SseHub],
})
export class StreamModule {}
