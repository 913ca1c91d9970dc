import { HyperRunError, type Epoch, type StreamName, type Version } from '#contracts';

export const versionConflict = (stream: StreamName, expected: Version, actual: number) =>
  new HyperRunError(
    'log.version-conflict',
    `${stream} was expected at version ${expected} and is at ${actual}: somebody wrote in between. Read it again and decide again.`,
    { stream, expected, actual },
    'retry',
  );

export const epochOver = (stream: StreamName, epoch: Epoch, current: number) =>
  new HyperRunError(
    'log.epoch-over',
    `Epoch ${epoch} of ${stream} is over, epoch ${current} has begun: somebody else is in charge. Stop.`,
    { stream, epoch, current },
  );

export const seqRefused = (stream: StreamName, seq: number, last: number) =>
  new HyperRunError(
    'log.seq-refused',
    `Append ${seq} of this epoch does not follow append ${last} of ${stream}, nor is it the same one again. Send ${last + 1}.`,
    { stream, seq, last },
  );

export const commandIdReused = (commandId: string, stream: StreamName) =>
  new HyperRunError(
    'command.id-reused',
    `Command ${commandId} stands in ${stream} with another body. A new command needs a new id.`,
    { commandId, stream },
  );

export const invalidEvent = (message: string, details: Readonly<Record<string, unknown>> = {}, cause?: unknown) =>
  new HyperRunError('log.invalid-event', message, details, 'caller', { cause });

export const tooLarge = (message: string, details: Readonly<Record<string, unknown>>) =>
  new HyperRunError('log.append-too-large', `${message} Split it.`, details);

export const corrupt = (stream: string, version: Version | number, found: string, cause?: unknown) =>
  new HyperRunError(
    'log.corrupt',
    `The log is damaged at ${stream} ${version}: ${found} Stop writing and restore it from a backup.`,
    { stream, version },
    'operator',
    { cause },
  );

export const unknownEvent = (stream: StreamName, version: Version, found: string) =>
  new HyperRunError(
    'log.unknown-event',
    `${stream} ${version} is ${found}, which this version of the program does not know. Run the version that wrote it, or a newer one.`,
    { stream, version },
    'operator',
  );

export const full = (cause: Error) =>
  new HyperRunError(
    'log.full',
    `Redis refused the append, its memory is full (${cause.message}). Archive finished sprints or raise maxmemory.`,
    {},
    'operator',
    { cause },
  );

export const diskFull = (cause: Error) =>
  new HyperRunError(
    'log.disk-full',
    `Redis refused the append, it cannot write to its disk (${cause.message}). Make room on it; then it goes on by itself.`,
    {},
    'operator',
    { cause },
  );

export const unavailable = (found: string, cause?: unknown) =>
  new HyperRunError(
    'log.unavailable',
    `The log cannot be reached: ${found} Nothing was written; try again.`,
    {},
    'retry',
    {
      cause,
    },
  );

export const outcomeUnknown = (commandId: string, cause?: unknown) =>
  new HyperRunError(
    'log.outcome-unknown',
    `Append ${commandId} was sent, no answer came: it may be in the log or not. Send the same append again under the same id.`,
    { commandId },
    'same-command',
    { cause },
  );

export const closed = () => unavailable('this store was closed.');
