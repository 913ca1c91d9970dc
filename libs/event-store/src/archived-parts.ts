import type { Sha256, SprintId, StreamName, Version } from '#contracts';
import { corrupt } from './errors.js';
import type { ArchivedPart, ArchivedParts, FeedEntry } from './event-store.js';

const PART = /^(\d{1,15}) ([0-9a-f]{64}) ([a-z0-9-]{1,40})$/;

/** As scripts/trim.lua writes it. @throws HyperRunError `log.corrupt` */
export const parsePart = (stream: StreamName, text: string | null | undefined): ArchivedPart => {
  const [, to, digest = '', sprintId = ''] = PART.exec(text ?? '') ?? [];
  if (to === undefined) throw corrupt(stream, 1, 'where its archived beginning is, cannot be read.');
  return { to: Number(to) as Version, digest: digest as Sha256, sprintId: sprintId as SprintId };
};

export const NO_PARTS: ArchivedParts = new Map();

export const isIn = (parts: ArchivedParts, stream: StreamName, version: number): boolean =>
  version <= (parts.get(stream)?.to ?? 0);

/** Batches without what is in those parts; an empty batch is not told. */
export async function* without(
  batches: AsyncIterable<readonly FeedEntry[]>,
  parts: ArchivedParts,
): AsyncGenerator<readonly FeedEntry[]> {
  for await (const batch of batches) {
    const rest = parts.size === 0 ? batch : batch.filter(({ stream, version }) => !isIn(parts, stream, version));
    if (rest.length > 0) yield rest;
  }
}
