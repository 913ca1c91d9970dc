import { describe, expect, it } from '@jest/globals';
import type { Plan } from '#contracts';
import { levelsOf, reached } from './level.js';

const base = (outcome: 'passed' | 'failed') => ({ outcome }) as NonNullable<Parameters<typeof levelsOf>[0]['base']>;
const plan = (inScope: number, needModel: number, bySource: Record<string, number> = {}, weak = false) =>
  ({
    verification: { weak },
    findings: {
      inScope,
      needModel,
      bySource: Object.fromEntries(Object.entries(bySource).map(([source, total]) => [source, { total, inScope: 0 }])),
    },
  }) as unknown as Plan;

describe('the level of a repository', () => {
  it.each([
    ['0 before it was scanned', {}, 0],
    ['1 once it is known', { plan: plan(5, 1) }, 1],
    ['1 while its own verification fails', { plan: plan(0, 0), base: base('failed') }, 1],
    ['1 without verification of its own, however clean', { plan: plan(0, 0, {}, true), base: base('passed') }, 1],
    ['2 when that passes', { plan: plan(5, 1), base: base('passed') }, 2],
    ['2 while a link is broken outside the scope', { plan: plan(1, 1, { links: 1 }), base: base('passed') }, 2],
    ['3 when only a model or a person can go on', { plan: plan(2, 2), base: base('passed') }, 3],
    ['3 while there are lint errors anywhere', { plan: plan(0, 0, { lint: 3 }), base: base('passed') }, 3],
    ['4 when nothing is left to find', { plan: plan(0, 0, { todo: 7 }), base: base('passed') }, 4],
  ])('is %s', (_, measured, level) => {
    expect(reached(levelsOf(measured))).toBe(level);
  });

  it('says how much is missing', () => {
    const texts = levelsOf({ plan: plan(5, 1, { links: 2 }) }).flatMap(({ conditions }) =>
      conditions.map(({ text }) => text),
    );
    expect(texts).toContain('no broken link anywhere (2 now)');
  });
});
