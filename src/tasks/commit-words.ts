// Words that go into a commit of ours.
import { sanitiseOutput } from '#sandbox';

export const AUTHOR = { name: 'HyperRun', email: 'hyper-run@localhost' };

/** A repository's words in a commit message: on one line, and nothing in it that a terminal would obey. */
export const oneLine = (text: string, length: number): string => {
  const line = sanitiseOutput(text).replace(/\s+/g, ' ').trim();
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
};
