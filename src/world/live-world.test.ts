import { describe, expect, it } from '@jest/globals';
import { HyperRunError, type Position } from '#contracts';
import { InMemoryEventStore } from '#event-store';
import { failureOf } from '../../libs/event-store/test/appends.js';
import { LiveWorld } from './live-world.port.js';
import type { ParkedEvents } from './parked-events.port.js';

/** A log that is found to have lost events as soon as it is followed. */
class LosingStore extends InMemoryEventStore {
  override async *subscribe(): AsyncGenerator<never> {
    yield await Promise.reject(new HyperRunError('log.rewound', 'Events are gone.', {}, 'operator'));
  }
}

describe('the present of a log that lost events', () => {
  it('ends the wait of whoever waits for it, now and later, by the name of the loss', async () => {
    const live = new LiveWorld(new LosingStore(), {} as ParkedEvents);
    expect(await failureOf(live.ready())).toMatchObject({ code: 'log.rewound' });
    expect(await failureOf(live.reached(8 as Position))).toMatchObject({ code: 'log.rewound' });
    await live.onModuleDestroy();
  });
});
