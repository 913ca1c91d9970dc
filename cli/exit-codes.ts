import { CommanderError } from 'commander';
import { HyperRunError, isHyperRunError } from '#contracts';

export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const usageError = (message: string) => new HyperRunError('cli.usage', message);
export const workFailed = (message: string) => new HyperRunError('cli.failed', message);
export const unreachable = (message: string, cause?: unknown) =>
  new HyperRunError('service.unreachable', message, {}, 'operator', { cause });

/** A person pressed Ctrl-C or Escape at a question. */
export const abandoned = () => new HyperRunError('cli.abandoned', 'Left without a decision.');

/** What the caller did wrong in saying what they want: the same words would fail again. */
const USAGE_STATUS = new Set([400, 401, 403, 404, 405, 413, 415, 422]);

/** 0 done, 1 the work failed, 2 wrong usage, 3 service or Redis out of reach. */
export const exitCodeOf = (error: unknown): ExitCode => {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (!isHyperRunError(error)) return EXIT.failed;
  if (error.code === 'cli.usage') return EXIT.usage;
  if (error.code === 'service.unreachable') return EXIT.unreachable;
  const { status } = error.details;
  if (status === 502 || status === 503 || status === 504) return EXIT.unreachable;
  return typeof status === 'number' && USAGE_STATUS.has(status) ? EXIT.usage : EXIT.failed;
};
