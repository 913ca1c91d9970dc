// What a command printed, cut down to what tells why it failed.
import { clean } from '#wording';

const LINES = 14;

/** Lines with which test runners, compilers and linters begin to say what is wrong. */
const TELLING =
  /^\s*(not ok\b|FAIL\b|FAILED\b|✖|✗|✘|×|●|E {3}|---? FAIL)|\b(\w*Error\b.*:|error(\[\w+\])?:|panicked at|Traceback|fatal:)/;

export interface OutputPart {
  readonly text: string;
  /** It begins where the output says that something is wrong; else it is the end of the output. */
  readonly telling: boolean;
}

export const tellingPart = (tail: string): OutputPart => {
  const lines = clean(tail).trimEnd().split('\n');
  const at = lines.findIndex((line) => TELLING.test(line));
  return at < 0
    ? { text: lines.slice(-LINES).join('\n'), telling: false }
    : { text: lines.slice(at, at + LINES).join('\n'), telling: true };
};
