import { closeAll, NotMeasured, openAll } from './not-measured.mjs';
import { open as openCastore } from './peers/castore.mjs';
import { open as openEmmett } from './peers/emmett.mjs';
import { open as openHyperRun } from './peers/hyper-run.mjs';
import { open as openPlainPg } from './peers/plain-pg.mjs';
import { startPostgres } from './postgres.mjs';
import { startRedis } from './redis.mjs';

export const LABELS = {
  ours: 'event store',
  emmett: 'emmett-postgresql',
  castore: 'castore-postgres',
  pg: 'plain pg, unique (stream, version)',
};
export const EVENT_STORES = ['emmett', 'castore'];

/** What Redis and PostgreSQL promise alike: what was acknowledged is on the disk, or will be within about a second. */
const SYNCHRONOUS_COMMIT = { always: 'on', everysec: 'off' };

/** Ours on a Redis and the others on one PostgreSQL, of the same fsync class, on the same disk. */
export const startContestants = async (appendfsync) => {
  const redis = await startRedis(appendfsync);
  const postgres = await startPostgres(SYNCHRONOUS_COMMIT[appendfsync]).catch((error) => {
    if (error instanceof NotMeasured) return error;
    return redis.end().then(() => Promise.reject(error));
  });
  const end = async () => {
    if (!(postgres instanceof NotMeasured)) await postgres.end();
    await redis.end();
  };
  const onPostgres = (open) => () => {
    if (postgres instanceof NotMeasured) throw postgres;
    return open(postgres.url);
  };
  try {
    const { opened, absent } = await openAll({
      ours: () => openHyperRun(redis.path),
      emmett: onPostgres(openEmmett),
      castore: onPostgres(openCastore),
      pg: onPostgres(openPlainPg),
    });
    return {
      opened,
      absent,
      redis,
      postgres,
      end: async () => {
        await closeAll(opened);
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
};
