import { beforeEach, describe, expect, it } from '@jest/globals';
import { Vigil } from './vigil.js';

describe('the watch that an orchestrator keeps', () => {
  const LEASE_MS = 15_000;
  let here = 0;
  let redis = 1_000_000;
  let vigil: Vigil;
  const pass = (ms: number) => {
    here += ms;
    redis += ms;
  };
  /** A look, planned for the next one a second later. */
  const look = () => {
    vigil.look(redis);
    vigil.planned(1000);
    return { since: vigil.awakeSince, lenient: vigil.isLenient(redis) };
  };

  beforeEach(() => {
    [here, redis] = [0, 1_000_000];
    vigil = new Vigil({ monotonic: () => here, leaseMs: LEASE_MS });
    look();
  });

  it('is kept as long as it looks when it planned to, and a little late', () => {
    for (let times = 0; times < 100; times += 1) {
      pass(9000);
      expect(look()).toEqual({ since: 1_000_000, lenient: false });
    }
  });
  it('is kept through times in which there is nothing to look for', () => {
    vigil.look(redis);
    pass(3_600_000);
    expect(look()).toEqual({ since: 1_000_000, lenient: false });
  });
  it.each<[string, () => void]>([
    ['its process was suspended', () => pass(60_000)],
    ['the machine slept, and with it the clock of this process', () => void (redis += 3_600_000)],
    ['the clock of Redis was set back', () => void (redis -= 3_600_000)],
    ['Redis could not be asked', () => (vigil.lost(), pass(500))],
  ])('begins anew when %s, and gives workers a lease to be heard of again', (_, happens) => {
    happens();
    expect(look()).toEqual({ since: redis, lenient: true });
    const since = redis;
    pass(LEASE_MS - 1);
    expect(vigil.isLenient(redis)).toBe(true);
    pass(1);
    expect(vigil.isLenient(redis)).toBe(false);
    expect(vigil.awakeSince).toBe(since);
  });
  it('gives nobody time at its very beginning: what was lost before is taken over at once', () =>
    expect(vigil.isLenient(redis)).toBe(false));
});
