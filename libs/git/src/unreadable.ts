import { HyperRunError, isHyperRunError } from '#contracts';

/** For what reads little: a named pipe in place of a file of git's would hold it for as long as it is let. */
export const SHORT = { timeoutMs: 10_000 } as const;

const FATAL = 128;

/**
 * What git says of a repository that it cannot make sense of is told to whom the repository belongs.
 * @throws HyperRunError repository.unreadable in place of git's exit 128 and of a time-out; any other error as it is
 */
export const orUnreadable = async <T>(path: string, reading: Promise<T>): Promise<T> => {
  try {
    return await reading;
  } catch (error) {
    if (isHyperRunError(error, 'git.timed-out')) throw unreadable(path, lastLine(error.message), error);
    if (isHyperRunError(error, 'git.failed') && error.details['exitCode'] === FATAL)
      throw unreadable(path, lastLine(String(error.details['stderr'])), error);
    throw error;
  }
};

export const unreadable = (path: string, why: string, cause?: Error) =>
  new HyperRunError(
    'repository.unreadable',
    `${JSON.stringify(path)} cannot be read (${why}). Mend it: git status has to work there.`,
    { path, why },
    'caller',
    { cause },
  );

const lastLine = (text: string) =>
  text.trim().split('\n').at(-1)?.replace(/\.$/, '').slice(-300) || 'git ended without a word';
