import { describe, expect, it } from '@jest/globals';
import { HyperRunError } from '#contracts';
import { hyperRun } from './context.fixture.js';
import { exitCodeOf, unreachable, usageError, workFailed } from './exit-codes.js';

const problem = (status: number) => new HyperRunError('x', 'x', { status });

describe('the exit code', () => {
  it.each([
    [1, 'an error that nobody foresaw', new TypeError('x')],
    [1, 'work that failed', workFailed('x')],
    [1, 'a plan that changed', problem(409)],
    [1, 'a plan that expired', problem(410)],
    [1, 'an error of the service', problem(500)],
    [2, 'wrong usage', usageError('x')],
    [2, 'an unknown id', problem(404)],
    [2, 'a field out of range', problem(422)],
    [2, 'a wrong token', problem(401)],
    [3, 'no service', unreachable('x')],
    [3, 'a service without its Redis', problem(503)],
  ])('is %i for %s', (code, _what, error) => {
    expect(exitCodeOf(error)).toBe(code);
  });
});

describe('the command line', () => {
  it.each([
    [0, ['--help']],
    [0, ['--version']],
    [0, ['run', '--help']],
    [2, ['fly']],
    [2, ['execute']],
    [2, ['discard']],
    [2, ['retry']],
    [2, ['up', '--open']],
    [2, ['plan', '--max-tasks', '51']],
    [2, ['plan', '--max-tasks', 'three']],
    [2, ['replay', 's', '--speed', '0']],
    [2, ['replay', 's', '--speed', '2', '--step']],
    [2, ['replay', 's', '--step']],
    [3, ['sprints']],
    [3, ['replay', 's', '--speed', '2']],
  ])('ends with %i: %j', async (code, words) => {
    expect((await hyperRun(words)).code).toBe(code);
  });
});
