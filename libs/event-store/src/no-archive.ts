import { HyperRunError, type StreamName } from '#contracts';
import type { Archive, ArchivedPart } from './event-store.js';

/** Of a store that was opened without one. */
export const NO_ARCHIVE: Archive = {
  read: (stream, part) => ({
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(withoutArchives(stream, part)) }),
  }),
};

const withoutArchives = (stream: StreamName, { digest, sprintId }: ArchivedPart) =>
  new HyperRunError(
    'archive.missing',
    `The events of ${stream} are in archive ${digest} of sprint ${sprintId}, and this log was opened without its archives.`,
    { stream, digest, sprintId },
    'operator',
  );
