// What an attempt has written so far, told from its events alone. Pure.
import type { AnyEvent, Sha256 } from '#contracts';

export interface WrittenFile {
  readonly path: string;
  /** Hash of the artefact that holds what it was written with; absent: it was deleted. */
  readonly content?: Sha256;
}

/** The files of an attempt as they were left by the last event about each. */
export const writtenIn = (events: Iterable<AnyEvent>, attempt: number): WrittenFile[] => {
  const files = new Map<string, WrittenFile>();
  for (const { type, data } of events) {
    if (type !== 'action.file-written' && type !== 'action.file-deleted') continue;
    if (data.attempt !== attempt) continue;
    const { path } = data;
    files.set(path, type === 'action.file-written' ? { path, content: data.content } : { path });
  }
  return [...files.values()];
};
