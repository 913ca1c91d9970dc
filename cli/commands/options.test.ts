import { Command } from 'commander';
import { describe, expect, it } from '@jest/globals';
import { budgetOption } from './options.js';

const parse = (...words: string[]) =>
  new Command('plan')
    .addOption(budgetOption())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .parse(words, { from: 'user' })
    .opts<{ budget?: object }>().budget;

describe('--budget', () => {
  it('names limits of each task, and of all together', () => {
    expect(
      parse('--budget', 'time=30m', 'tokens=100000', '-b', 'cost=2.50', 'sprint.cost=10', 'sprint.time=2h'),
    ).toEqual({
      wallSeconds: 1800,
      tokens: 100_000,
      cost: 2.5,
      sprint: { cost: 10, wallSeconds: 7200 },
    });
    expect(parse('-b', 'calls=200', 'attempts=2', 'time=90')).toEqual({ toolCalls: 200, attempts: 2, wallSeconds: 90 });
    expect(parse()).toBeUndefined();
  });

  it.each([
    'tokens',
    'tokens=',
    'tokens=0',
    'tokens=1.5',
    'tokens=5m',
    'dollars=3',
    'cost=-1',
    'sprint.attempts=2',
    '1=1',
  ])('refuses %s', (text) => expect(() => parse('--budget', text)).toThrow(/time=30m/));
});
