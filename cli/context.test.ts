import { afterEach, describe, expect, it } from '@jest/globals';
import { processContext } from './context.js';

const { isTTY } = process.stdout;
const env = { ...process.env };
const terminal = (is: boolean | undefined) =>
  Object.defineProperty(process.stdout, 'isTTY', { value: is, configurable: true });

afterEach(() => {
  terminal(isTTY);
  process.env = { ...env };
});

describe('colour', () => {
  it('is shown on a terminal, and not in a pipe, also where CI is set', () => {
    process.env = { CI: 'true', TERM: 'xterm' };
    terminal(undefined);
    expect(processContext().style.red('x')).toBe('x');
    terminal(true);
    expect(processContext().style.red('x')).not.toBe('x');
  });
});
