import { describe, expect, it } from '@jest/globals';
import { surviveKills } from './random-kills.js';
import { randomOf, seedOfRun } from './seed.js';

const KILLS = 3;
const seed = seedOfRun();

describe('a service that is killed at random moments', () => {
  it(`goes on after each of ${KILLS} deaths within a sprint (HYPER_RUN_SEED=${seed})`, async () => {
    expect(await surviveKills(KILLS, randomOf(seed))).toHaveLength(KILLS);
  }, 120_000);
});
