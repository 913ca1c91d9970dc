import { afterAll, describe, expect, it } from '@jest/globals';
import { surviveKills } from './random-kills.js';
import { randomOf, seedOfRun } from '../seed.js';

const SPRINTS = 10;
const KILLS_EACH = 5;
const seed = seedOfRun();

describe(`a service that is killed fifty times at random moments (HYPER_RUN_SEED=${seed})`, () => {
  const moments: string[] = [];

  it.each(Array.from({ length: SPRINTS }, (_, number) => number))(
    `completes sprint %i, killed ${KILLS_EACH} times, as if nothing had happened`,
    async (number) => {
      moments.push(...(await surviveKills(KILLS_EACH, randomOf(seed + number))));
    },
    180_000,
  );

  it('was killed inside a task most of the times', () => {
    const inside = moments.filter((type) => /^hyperrun\.(task|action)\./.test(type));
    expect(moments).toHaveLength(SPRINTS * KILLS_EACH);
    expect(inside.length).toBeGreaterThan(moments.length / 2);
  });

  afterAll(() => {
    process.stdout.write(`${moments.length} kills, after: ${moments.join(', ')}\n`);
  });
});
