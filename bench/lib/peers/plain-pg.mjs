import { randomUUID } from 'node:crypto';
import { fold, task } from '../../../dist/libs/domain/src/index.js';
import { CONNECTIONS } from '../connections.mjs';
import { load } from '../not-measured.mjs';

const TABLE = `
  CREATE TABLE IF NOT EXISTS plain (
    position bigserial PRIMARY KEY,
    stream text NOT NULL,
    version integer NOT NULL,
    type text NOT NULL,
    data jsonb NOT NULL,
    UNIQUE (stream, version)
  )`;
const INSERT = `
  INSERT INTO plain (stream, version, type, data)
  SELECT $1, $2 + n, type, data
  FROM unnest($3::text[], $4::jsonb[]) WITH ORDINALITY AS event (type, data, n)`;
const SELECT = 'SELECT version, type, data FROM plain WHERE stream = $1 AND version > $2 ORDER BY version';
const UNIQUE_VIOLATION = '23505';

/** The floor of what PostgreSQL can do: one prepared statement by `pg`, one table, its unique key as the only guard. */
export const open = async (url) => {
  const { default: pg } = await load('pg');
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS });
  // Idle connections hear that the server ends.
  pool.on('error', () => undefined);
  await pool.query(TABLE);
  const read = async (stream, version) =>
    (await pool.query({ name: 'read', text: SELECT, values: [stream, version] })).rows;
  return {
    stream: () => `task-${randomUUID()}`,
    append: async (stream, version, events) => {
      const values = [stream, version, events.map(({ type }) => type), events.map(({ data }) => JSON.stringify(data))];
      // Not `pool.query`: that throws the connection away with every conflict.
      const client = await pool.connect();
      try {
        await client.query({ name: 'append', text: INSERT, values });
        return true;
      } catch (error) {
        if (error.code === UNIQUE_VIOLATION) return false;
        throw error;
      } finally {
        client.release();
      }
    },
    newer: async (stream, version) => (await read(stream, version)).length,
    rebuild: async (stream) => {
      const events = await read(stream, 0);
      fold(task, events);
      return events.length;
    },
    close: () => pool.end(),
  };
};
