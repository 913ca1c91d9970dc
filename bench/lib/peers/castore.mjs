import { randomUUID } from 'node:crypto';
import { fold, task } from '../../../dist/libs/domain/src/index.js';
import { CONNECTIONS } from '../connections.mjs';
import { load } from '../not-measured.mjs';

const eventStoreId = 'TASKS';
/** A group lets it through as PostgreSQL says it. */
const UNIQUE_VIOLATION = '23505';

/** @castore/event-storage-adapter-postgres. A single event by pushEvent, several by pushEventGroup. */
export const open = async (url) => {
  const { PostgresEventStorageAdapter } = await load('@castore/event-storage-adapter-postgres');
  // Its client takes a Unix socket from the environment only, when it is made.
  const { hostname, username, pathname } = new URL(url);
  Object.assign(process.env, { PGHOST: decodeURIComponent(hostname), PGUSER: username });
  const connectionString = `postgresql://${pathname}?max=${CONNECTIONS}`;
  await PostgresEventStorageAdapter.createEventTable({ connectionString, tableName: 'castore' });
  const adapter = new PostgresEventStorageAdapter({ connectionString, tableName: 'castore' });
  delete process.env.PGHOST;
  delete process.env.PGUSER;
  const push = (details) =>
    details.length === 1
      ? adapter.pushEvent(details[0], { eventStoreId })
      : adapter.pushEventGroup({}, ...details.map((detail) => grouped(adapter.groupEvent(detail))));
  return {
    stream: randomUUID,
    append: async (aggregateId, version, events) => {
      try {
        await push(events.map(({ type, data }, n) => ({ aggregateId, version: version + 1 + n, type, payload: data })));
        return true;
      } catch (error) {
        if (error.code === 'EventAlreadyExistsError' || error.code === UNIQUE_VIOLATION) return false;
        throw error;
      }
    },
    newer: async (aggregateId, version) => {
      const { events } = await adapter.getEvents(aggregateId, { eventStoreId }, { minVersion: version + 1 });
      return events.length;
    },
    rebuild: async (aggregateId) => {
      const { events } = await adapter.getEvents(aggregateId, { eventStoreId });
      fold(
        task,
        events.map(({ type, payload }) => ({ type, data: payload })),
      );
      return events.length;
    },
    /** It has no method for this. */
    close: () => adapter['_sql'].end(),
  };
};

const grouped = (event) => Object.assign(event, { context: { eventStoreId } });
