import { describe, expect, it } from '@jest/globals';
import { randomOf, seedOfRun, surviveKills } from './random-kills.js';

const KILLS = 3;
const seed = seedOfRun();

describe('a service that is killed at random moments', () => {
  it(`goes on after each of ${KILLS} deaths within a sprint (HYPER_RUN_TEST_SEED=${seed})`, async () => {
    expect(await surviveKills(KILLS, randomOf(seed))).toHaveLength(KILLS);
  }, 120_000);
});
