import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ticksIn, usedSince } from './watch-work.js';

const line = (pid: number, name: string, parent: number, ticks: readonly number[]) =>
  `${pid} (${name}) S ${parent} 1 1 0 -1 4194560 1 2 3 4 ${ticks.join(' ')} 20 0 1 0 12345 1000 100\n`;

describe('the time that processes have used', () => {
  it('is that of what the program started, and not of the program itself, nor of what it is started behind', () => {
    const stats = [
      line(1, 'bwrap', 0, [9, 9, 0, 0]),
      line(2, 'agent (x) y', 1, [100, 50, 0, 0]),
      line(7, 'npm test', 2, [3, 4, 5, 6]),
      line(9, 'node', 7, [1, 1, 0, 0]),
      '',
    ];
    expect(ticksIn(stats)).toEqual(new Map([[7, 18], [9, 2]])); // prettier-ignore
    expect(ticksIn(stats, 2)).toEqual(new Map([[9, 2]]));
  });
  it('grows with what goes on and with what is new, and not with what has ended', () => {
    const before = new Map([
      [7, 10],
      [8, 100],
    ]);
    expect(
      usedSince(
        before,
        new Map([
          [7, 15],
          [9, 2],
        ]),
      ),
    ).toBe(7);
    expect(usedSince(before, new Map([[7, 10]]))).toBe(0);
  });
  it('is read from what the kernel tells of a real process', async () => {
    const child = spawn(process.execPath, [
      '-e',
      'for (let i = 0; i < 3e8; i += 1); console.log(1); setInterval(() => {}, 1e9)',
    ]);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const ticks = ticksIn([readFileSync(`/proc/${child.pid}/stat`, 'utf8')], 0);
    child.kill('SIGKILL');
    expect(ticks.get(child.pid ?? 0)).toBeGreaterThan(0);
  });
});
