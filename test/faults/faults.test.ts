import { describe, expect, it } from '@jest/globals';
import { NETWORK_FAULTS } from './fault-proxy.js';
import { seedOfRun } from './seed.js';
import { surviveFaults } from './survive-faults.js';

const FAULTS = 200;
const WRITERS = 32;
const seed = seedOfRun();

describe(`${WRITERS} writers, while connections break in every way and Redis is killed and stopped`, () => {
  it(`lose nothing, double nothing, and are never told of a conflict that is none (HYPER_RUN_SEED=${seed})`, async () => {
    const survived = await surviveFaults({ seed, faults: FAULTS, writers: WRITERS });
    expect(survived.problems).toEqual([]);
    expect(survived.total).toBeGreaterThanOrEqual(FAULTS);
    for (const fault of NETWORK_FAULTS) expect([fault, survived.faults[fault]]).not.toEqual([fault, 0]);
    expect(survived.acknowledged).toBeGreaterThan(WRITERS);
  }, 120_000);
});
