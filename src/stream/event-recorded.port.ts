import type { IEvent } from '@nestjs/cqrs';
import type { FeedEntry } from '#event-store';

/**
 * An event of the log, for listeners in this process (`@EventsHandler(EventRecorded)`). Best effort: it is told after the
 * fact, not again after a restart. What must not be missed follows the log itself.
 */
export class EventRecorded implements IEvent {
  constructor(readonly event: FeedEntry['event']) {}
}
