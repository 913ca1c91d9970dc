import { randomUUID } from 'node:crypto';
import { fold, task } from '../../../dist/libs/domain/src/index.js';
import { CONNECTIONS } from '../connections.mjs';
import { load } from '../not-measured.mjs';

/** @event-driven-io/emmett-postgresql, with the pool that it makes by itself. */
export const open = async (url) => {
  const { getPostgreSQLEventStore } = await load('@event-driven-io/emmett-postgresql');
  const store = getPostgreSQLEventStore(`${url}?max=${CONNECTIONS}`);
  await store.schema.migrate();
  return {
    stream: () => `task-${randomUUID()}`,
    append: async (stream, version, events) => {
      try {
        await store.appendToStream(stream, events, { expectedStreamVersion: BigInt(version) });
        return true;
      } catch (error) {
        if (error.name === 'ExpectedVersionConflictError' || error.errorCode === 412) return false;
        throw error;
      }
    },
    newer: async (stream, version) => (await store.readStream(stream, { from: BigInt(version + 1) })).events.length,
    rebuild: async (stream) => {
      const { events } = await store.readStream(stream);
      fold(task, events);
      return events.length;
    },
    close: () => store.close(),
  };
};
