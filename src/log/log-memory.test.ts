import { describe, expect, it } from '@jest/globals';
import { LogMemory, roomIn } from './log-memory.port.js';

const NOWHERE = { eval: () => Promise.reject(new Error('There is one partition.')) };

const info = (used: number, most: number) =>
  `# Memory\r\nused_memory:${used}\r\nused_memory_rss:1\r\ntotal_system_memory:8000\r\nmaxmemory:${most}\r\n`;

describe('the room that is left for the log', () => {
  it('is what Redis may use, or what its machine has', () => {
    expect(roomIn(info(500, 1000), 80)).toMatchObject({ percent: 50, limitBytes: 1000, takesNewSprints: true });
    expect(roomIn(info(500, 0), 80)).toMatchObject({ percent: 6.3, limitBytes: 8000, takesNewSprints: true });
    expect(roomIn('', 80)).toMatchObject({ percent: 0, takesNewSprints: true });
  });

  it.each([
    [799, 'done'],
    [800, 'log.nearly-full'],
  ])('with %d of 1000 bytes used answers a new sprint: %s', async (used, answer) => {
    const redis = { info: () => Promise.resolve(info(used, 1000)) };
    const asked = new LogMemory(redis, NOWHERE, { logMemoryPercent: 80, partitions: 1 }).requireRoom();
    const outcome = await asked.then(
      () => 'done',
      ({ code }: { code: string }) => code,
    );
    expect(outcome).toBe(answer);
  });

  it('is that of the fullest Redis where each partition may have one of its own, which is named', async () => {
    const used = [100, 850, 200];
    const anywhere = {
      eval: (...[, , key]: readonly unknown[]) =>
        Promise.resolve(info(used[Number(/\{p(\d)\}/.exec(String(key))?.[1])] ?? 0, 1000)),
    };
    const memory = new LogMemory({ info: () => Promise.reject(new Error('Asked one alone.')) }, anywhere, {
      logMemoryPercent: 80,
      partitions: 3,
    });
    expect(await memory.room()).toMatchObject({ percent: 85, partition: 1, takesNewSprints: false });
    await expect(memory.requireRoom()).rejects.toMatchObject({
      code: 'log.nearly-full',
      message: expect.stringContaining('The Redis of partition 1 uses 85 %'),
      details: { partition: 1 },
    });
  });
});
