import { describe, expect, it } from '@jest/globals';
import { seedOfRun } from '../seed.js';
import { surviveFaults } from '../survive-faults.js';

const FAULTS = 10_000;
const WRITERS = 32;
const seed = seedOfRun();

describe(`${FAULTS} faults of the network and of Redis, under ${WRITERS} writers`, () => {
  it(`lose nothing, double nothing, and make no conflict that is none (HYPER_RUN_SEED=${seed})`, async () => {
    const survived = await surviveFaults({ seed, faults: FAULTS, writers: WRITERS });
    process.stdout.write(`${JSON.stringify(survived)}\n`);
    expect(survived.problems).toEqual([]);
    expect(survived.total).toBeGreaterThanOrEqual(FAULTS);
  }, 1_800_000);
});
