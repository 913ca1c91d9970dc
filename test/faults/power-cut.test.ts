import { describe, expect, it } from '@jest/globals';
import { canTrace, cutPower, durableBytes } from './power-cut.js';

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
        forMs: 1700,
      });
      expect(acknowledged.length).toBeGreaterThan(8);
      expect(bytesLost).toBeGreaterThan(0);
      expect(Math.max(...lost.map(({ at }) => cutAt - at))).toBeLessThanOrEqual(EVERYSEC_MS + longestPause);
      expect(told).toBe('log.rewound');
    },
  );

  // Elsewhere: HYPER_RUN_NEWER_REDIS=<a redis-server or valkey-server from 7.2 on>
  const itWithNewer = traceable && newer !== undefined ? it : it.skip;

  itWithNewer('takes nothing that was acknowledged at everysec when every event waits for the disk', async () => {
    const { acknowledged, lost } = await cutPower({ fsync: 'everysec', forMs: 2500, waitForDisk: 0, program: newer });
    expect(acknowledged.length).toBeGreaterThan(8);
    expect(lost).toEqual([]);
  });
});
