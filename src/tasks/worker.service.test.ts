import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Job } from './job.port.js';
import { WorkerService } from './worker.service.js';

const SECOND = 1000;

describe('a job that breaks off by surprise', () => {
  let worker: WorkerService;
  let jobs: Job[];
  /** What this worker holds by the log. */
  let held: Job[];
  let look: () => void;
  /** When it was tried, in seconds. */
  let tried: number[];
  let fails: boolean;

  beforeEach(async () => {
    jest.useFakeTimers({ now: 0 });
    Logger.overrideLogger(false);
    fails = true;
    tried = [];
    jobs = [job('one')];
    held = [];
    const live = {
      world: {},
      ready: () => Promise.resolve(),
      onChange: (listener: () => void) => ((look = listener), () => undefined),
    };
    const lease = {
      worker: 'w-1',
      hold: () => Promise.resolve({ worker: 'w-1', number: 0 }),
      release: () => Promise.resolve(),
    };
    const lost = { sweep: () => Promise.resolve(), clear: () => Promise.resolve() };
    const config = { roles: ['worker'], concurrency: 2 };
    const parts = [live, lease, lost, [{ jobs: () => jobs, held: () => held }], {}, config] as const;
    worker = new WorkerService(...(parts as unknown as ConstructorParameters<typeof WorkerService>));
    await worker.onApplicationBootstrap();
  });
  afterEach(async () => {
    await worker.onModuleDestroy();
    jest.useRealTimers();
  });

  const job = (key: string): Job => ({
    key,
    run: () => {
      tried.push(Date.now() / SECOND);
      if (fails) return Promise.reject(new Error('It broke off.'));
      jobs = [];
      return Promise.resolve();
    },
  });
  const pass = (seconds: number) => jest.advanceTimersByTimeAsync(seconds * SECOND);

  it('is left alone longer each time', async () => {
    await pass(45);
    expect(tried).toEqual([0, 2, 10, 42]);
  });

  it('and is done at last, is tried again soon when it is to be done again and breaks off', async () => {
    await pass(5);
    fails = false;
    await pass(10);
    expect(tried).toEqual([0, 2, 10]);
    fails = true;
    jobs = [job('one')];
    look();
    await pass(3);
    expect(tried.slice(3)).toEqual([15, 17]);
  });

  it('and is not wanted any more, is forgotten: it begins anew when it is wanted once more', async () => {
    await pass(3);
    jobs = [];
    await pass(12);
    jobs = [job('one')];
    look();
    await pass(3);
    expect(tried).toEqual([0, 2, 15, 17]);
  });

  it('and is held by this worker all the same, is given back after that time, and nothing else that it holds', async () => {
    const given: string[] = [];
    const giveBack = (key: string): Job => ({
      key,
      run: () => {
        given.push(key);
        held = held.filter((one) => one.key !== key);
        return Promise.resolve();
      },
    });
    jobs = [];
    held = [giveBack('one'), giveBack('that goes on')];
    await pass(1);
    look();
    expect(given).toEqual([]);
    await pass(2);
    look();
    expect(given).toEqual(['one']);
  });
});
