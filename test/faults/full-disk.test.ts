import { describe, expect, it } from '@jest/globals';
import { fillDisk } from './full-disk.js';

describe('Redis whose disk gets full', () => {
  it('refuses by name at everysec, keeps what it acknowledged, and goes on by itself when there is room', async () => {
    const { refused, acknowledged, found } = await fillDisk('everysec');
    expect(refused).toEqual(['log.disk-full', 'log.disk-full']);
    expect(acknowledged).toBeGreaterThan(10);
    expect(found).toEqual([acknowledged + 1, acknowledged + 1]);
  });

  it('ends at always without having acknowledged what it could not write, and has it once when it was sent again', async () => {
    const { refused, acknowledged, found } = await fillDisk('always');
    expect(refused).toEqual(['log.outcome-unknown', 'log.unavailable']);
    expect(acknowledged).toBeGreaterThan(10);
    expect(found).toEqual([acknowledged + 1, acknowledged + 1]);
  });
});
