import { oneLine } from '../text.js';

const MOST = 8;
/** How the usual runners mark what failed: TAP, node:test, jest, vitest, mocha, pytest, go, cargo, compilers. */
const MARKS =
  /^\s*(not ok\b|✖|✗|×|FAIL\b|FAILED\b|--- FAIL|E {3}|error\b|ERROR\b|# failed \d|panicked|Traceback|\w*Error\b)|\berror(\[\w+\])?:|\bAssertionError\b|\bpanicked at\b/;

/** YAML of TAP: the text itself stands on the next line. */
const BLOCK = /: [|>]-?$/;

/** The lines that say why a command failed: those that its runner marks, else the last ones. */
export const tellingLines = (output: string, most = MOST): string[] => {
  const lines = output
    .split('\n')
    .map((line) => oneLine(line, 140))
    .filter((line) => line !== '');
  const marked = lines.flatMap((line, index) =>
    MARKS.test(line) ? [BLOCK.test(line) ? (lines[index + 1] ?? line) : line] : [],
  );
  return marked.length > 0 ? marked.slice(0, most) : lines.slice(-most);
};
