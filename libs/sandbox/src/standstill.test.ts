import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { kill } from './process-table.js';
import { descendantsOf, Standstill } from './standstill.js';

/** One that computes, one that starts others without an end, and one that has left its group and ignores what it is told. */
const CREW = `while :; do :; done & while :; do sh -c :; done & setsid sh -c 'trap "" HUP INT TERM; while :; do sleep 1; done' & echo; wait`;

let first: ChildProcess;
beforeEach(async () => {
  first = spawn('sh', ['-c', CREW], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  await once(first.stdout as NonNullable<ChildProcess['stdout']>, 'data');
});
afterEach(async () => {
  for (const { pid } of await descendantsOf(first.pid ?? 0)) kill(pid, 'SIGKILL');
  first.kill('SIGKILL');
});

const states = async () => (await descendantsOf(first.pid ?? 0)).map(({ state }) => state);
const isRunning = async () => (await states()).some((state) => state === 'R');
/** D: in the midst of starting another one, which stands still. */
const awake = (all: readonly string[]) => all.filter((state) => !'TZD'.includes(state));

describe('what comes from a process', () => {
  it('stands still as a whole, also what is started meanwhile, and goes on', async () => {
    const standstill = new Standstill(Promise.resolve(first.pid ?? 0));
    await standstill.begin();
    const still = await states();
    expect(still.length).toBeGreaterThanOrEqual(3);
    expect(awake(still)).toEqual([]);
    await standstill.end();
    while (!(await isRunning())) await delay(1);
    expect(await states()).not.toContain('T');
  });

  it('does what was wanted last, however quickly that changes', async () => {
    const standstill = new Standstill(Promise.resolve(first.pid ?? 0));
    await Promise.all([standstill.begin(), standstill.end(), standstill.begin(), standstill.end()]);
    while (!(await isRunning())) await delay(1);
    await Promise.all([standstill.end(), standstill.begin()]);
    expect(awake(await states())).toEqual([]);
  });

  it('is waited for no longer when all of it has ended', async () => {
    const ended = spawn('true');
    await once(ended, 'exit');
    await new Standstill(Promise.resolve(ended.pid ?? 0)).begin();
  });
});
