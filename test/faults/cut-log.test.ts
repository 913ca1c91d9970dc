import { describe, expect, it } from '@jest/globals';
import { surviveCuts } from './cut-log.js';
import { randomOf, seedOfRun } from './seed.js';

const CUTS = 8;
const seed = seedOfRun();

describe('an append-only file whose last append is cut off', () => {
  it(`loads without that append, or with all of it, and the loss is named (HYPER_RUN_SEED=${seed})`, async () => {
    const random = randomOf(seed);
    const somewhere = (bytes: number) => Array.from({ length: CUTS }, () => Math.floor(random() * bytes));
    expect(await surviveCuts((bytes) => [0, ...somewhere(bytes), bytes - 1, bytes])).toBeGreaterThan(1000);
  }, 120_000);
});
