import { HyperRunError, type Sha256, type SprintId, type StreamName, type Version } from '#contracts';
import type { ArchiveFacts } from '#domain';
import type { StoredBytes } from '#event-store';
import { packArchive, readExport, verifyExport, type ExportEnd } from '#seal';
import type { ArchiveFiles } from './archive-files.port.js';

interface Change {
  readonly stream: StreamName;
  readonly version: Version;
  readonly change: (bytes: StoredBytes) => StoredBytes;
}

/**
 * Writes an archive anew with one record changed, and reads it back: every hash is that of before, or nothing is given out.
 * @throws HyperRunError `archive.missing`, `archive.damaged`
 */
export const rewriteArchive = async (
  files: ArchiveFiles,
  sprintId: SprintId,
  before: ArchiveFacts,
  change: Change,
): Promise<{ readonly digest: Sha256; readonly bytes: number }> => {
  let end: ExportEnd | undefined;
  const streams = before.heads.map(({ stream, version: to }) => ({
    stream,
    records: changed(files.read(stream, { to, digest: before.digest, sprintId }, 1 as Version), stream, change),
  }));
  const source = { sprintId, incarnation: await incarnationOf(files, sprintId, before), streams };
  const file = await files.put(packArchive(source, (told) => (end = told)));
  const anchors = before.heads.map((head) => ({ head, from: 'sprint.archived' }));
  const verified = await verifyExport(files.lines({ digest: file.digest, sprintId }), anchors);
  if (verified.valid && end?.events === before.count) return file;
  await files.remove(files.pathOf(file.digest));
  throw new HyperRunError(
    'archive.damaged',
    `The archive of sprint ${sprintId} could not be written anew: ${verified.problems[0]?.text ?? 'events are missing.'} The old one stays.`,
    { digest: before.digest, sprintId },
    'operator',
  );
};

async function* changed(
  records: AsyncIterable<StoredBytes>,
  of: StreamName,
  { stream, version, change }: Change,
): AsyncGenerator<StoredBytes> {
  for await (const record of records) yield of === stream && record.version === version ? change(record) : record;
}

const incarnationOf = async (files: ArchiveFiles, sprintId: SprintId, { digest }: ArchiveFacts): Promise<string> => {
  for await (const line of readExport(files.lines({ digest, sprintId })))
    return line.kind === 'start' ? line.incarnation : '';
  return '';
};
