import { describe, expect, it } from '@jest/globals';
import { openEventStore } from '#event-store';
import { append, exact, failureOf, newStream, write } from '../../libs/event-store/test/appends.js';
import { cutOff, reunite, startReplicated } from '../../libs/event-store/test/redis-nodes.js';
import { canTrace, cutPower, durableBytes } from './power-cut.js';
import { insisted } from './writers.js';

/** What is told at the start of the service: the last two seconds. */
const EVERYSEC_MS = 2000;
const traceable = await canTrace();
/** Redis 7.2 or later, or Valkey: Debian 12 has none, Debian 13 does. */
const newer = process.env['HYPER_RUN_NEWER_REDIS'];

describe('power that fails', () => {
  it('leaves what was written before the last finished sync began, by the trace of the system calls', () => {
    const trace = [
      '1 write(7</aof>, ""..., 100) = 100',
      '2 fdatasync(7</aof> <unfinished ...>',
      '1 write(7</aof>, ""..., 50) = 50',
      '1 write(8</other>, ""..., 9) = 9',
      '2 <... fdatasync resumed>) = 0',
      '1 write(7</aof>, ""..., 30) = 30',
      '2 fdatasync(7</aof> <unfinished ...>',
    ];
    expect(durableBytes(trace.slice(0, 4).join('\n'), '/aof')).toBe(0);
    expect(durableBytes(trace.join('\n'), '/aof')).toBe(100);
    expect(durableBytes([...trace, '2 <... fdatasync resumed>) = 0'].join('\n'), '/aof')).toBe(180);
    expect(durableBytes([...trace, '2 <... fdatasync resumed>) = -1 EIO'].join('\n'), '/aof')).toBe(100);
  });

  // Elsewhere: apt-get install strace
  const itWithStrace = traceable ? it : it.skip;

  itWithStrace('takes nothing that was acknowledged from a log at appendfsync always', async () => {
    const { acknowledged, lost } = await cutPower({ fsync: 'always', forMs: 700 });
    expect(acknowledged.length).toBeGreaterThan(8);
    expect(lost).toEqual([]);
  });

  itWithStrace(
    'takes at most the last two seconds from a log at appendfsync everysec, and the loss is named',
    async () => {
      const { acknowledged, lost, cutAt, bytesLost, longestPause, told } = await cutPower({
        fsync: 'everysec',
        forMs: 4500,
      });
      // Longer than what may be lost: what is older has to be there.
      expect(lost.length).toBeLessThan(acknowledged.length);
      expect(bytesLost).toBeGreaterThan(0);
      expect(Math.max(...lost.map(({ at }) => cutAt - at))).toBeLessThanOrEqual(EVERYSEC_MS + longestPause);
      expect(told).toBe('log.rewound');
    },
  );

  // Elsewhere: HYPER_RUN_NEWER_REDIS=<a redis-server or valkey-server from 7.2 on>
  const itWithNewer = traceable && newer !== undefined ? it : it.skip;

  itWithNewer.each([1, 3])(
    'takes nothing that was acknowledged at everysec when every event waits for the disk, nor its place in a log of %d partitions',
    async (partitions) => {
      const waiting = { fsync: 'everysec', waitForDisk: 0, program: newer } as const;
      const { acknowledged, lost, told } = await cutPower({ ...waiting, forMs: 2500, partitions });
      expect(acknowledged.length).toBeGreaterThan(8);
      expect(lost).toEqual([]);
      expect(told).toBeUndefined();
    },
  );
});

describe('an event that waits for the disk of a replica', () => {
  const PATIENCE_MS = 2000;
  const itWithNewer = newer === undefined ? it.skip : it;

  itWithNewer.each([1, 3])(
    'is acknowledged when the replica has it, and has no outcome while it cannot: with %d partitions',
    async (partitions) => {
      const nodes = await startReplicated(newer);
      const { primary, replica } = nodes;
      const redis = { host: primary.host, port: primary.port };
      const store = await openEventStore({ redis, partitions, waitForDisk: 1, patience: PATIENCE_MS });
      try {
        const one = append([write(newStream(), exact(0), 'on two disks')]);
        const { position } = await insisted(() => store.append(one));
        // The power of both fails at once, and of the first nothing is left.
        await Promise.all([primary.kill(), replica.kill()]);
        await replica.start();
        expect(await replica.client.hget('hyper:{p0}:meta', 'position')).toBe(String(position));
        await primary.start();
        await reunite(replica);
        await cutOff(replica, primary);
        const late = append([write(newStream(), exact(0), 'on one disk')]);
        expect(await failureOf(store.append(late))).toMatchObject({ code: 'log.outcome-unknown' });
        await reunite(replica);
        expect(await insisted(() => store.append(late))).toMatchObject({ position: position + 1 });
      } finally {
        await store.close();
        await nodes.end();
      }
    },
  );
});
