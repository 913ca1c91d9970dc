// An archive: the export of a sprint in gzip members (RFC 1952), a few hundred records of one stream in each. Whoever
// unpacks it as one file gets the export; whoever looks for one event unpacks one member.
import { gunzipSync, gzipSync } from 'node:zlib';
import { HyperRunError, type Sha256, type StreamName, type Version } from '#contracts';
import { exportTexts, parseLine, type ExportEnd, type ExportSource } from './export-format.js';

/** A member holds at most so many records, and is ended by the record that takes it beyond so many characters. */
const MEMBER_RECORDS = 500;
const MEMBER_CHARACTERS = 512 * 1024;

/** Where a member lies, as its header says: it names the stream and the first version of its records. */
export interface ArchiveMember {
  readonly offset: number;
  /** Bytes, header and trailer included. */
  readonly length: number;
  /** Absent: the first or the last line of the export. */
  readonly stream?: StreamName;
  readonly from: number;
}

/** Bytes of a file from an offset on; fewer only at its end. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

const MAGIC = Buffer.from([0x1f, 0x8b, 8]);
const FEXTRA_AND_FNAME = 0x04 | 0x08;
const PLAIN_HEADER = 10;
const EXTRA = 8;
/** Fixed part, length of the extra field, the field itself; the name follows. */
const NAME_AT = PLAIN_HEADER + 2 + EXTRA;
const LONGEST_NAME = 100;

export const isArchive = (start: Buffer): boolean => start.subarray(0, 3).equals(MAGIC);

/** The members of an archive, in order. @param told called with the last line: count and heads */
export async function* packArchive(source: ExportSource, told: (end: ExportEnd) => void): AsyncGenerator<Buffer> {
  let name = '';
  let lines: string[] = [];
  let characters = 0;
  let stream: StreamName | undefined;
  for await (const line of exportTexts(source)) {
    const next = 'stream' in line ? line.stream : undefined;
    const full = lines.length >= MEMBER_RECORDS || characters > MEMBER_CHARACTERS;
    if (lines.length > 0 && (full || next !== stream)) yield pack(name, lines.splice(0));
    if (lines.length === 0) {
      name = 'stream' in line ? `${line.stream}@${line.version}` : 'hyper-run';
      characters = 0;
    }
    stream = next;
    lines.push(line.text);
    characters += line.text.length;
    if ('end' in line && line.end !== undefined) told(line.end);
  }
  yield pack(name, lines);
}

const pack = (name: string, lines: readonly string[]): Buffer => {
  const plain = gzipSync(lines.map((line) => `${line}\n`).join(''));
  const head = Buffer.alloc(NAME_AT);
  plain.copy(head, 0, 0, PLAIN_HEADER);
  head[3] = FEXTRA_AND_FNAME;
  head.writeUInt16LE(EXTRA, PLAIN_HEADER);
  head.write('HR', PLAIN_HEADER + 2, 'latin1');
  head.writeUInt16LE(4, PLAIN_HEADER + 4);
  head.writeUInt32LE(NAME_AT + name.length + 1 + plain.length - PLAIN_HEADER, PLAIN_HEADER + 6);
  return Buffer.concat([head, Buffer.from(`${name}\0`, 'latin1'), plain.subarray(PLAIN_HEADER)]);
};

/** Where the members lie; nothing is unpacked. @throws HyperRunError `archive.damaged` */
export const membersOf = async (readAt: ReadAt, size: number): Promise<ArchiveMember[]> => {
  const members: ArchiveMember[] = [];
  for (let offset = 0; offset < size;) {
    const member = memberAt(offset, await readAt(offset, NAME_AT + LONGEST_NAME), size);
    members.push(member);
    offset += member.length;
  }
  return members;
};

const memberAt = (offset: number, head: Buffer, size: number): ArchiveMember => {
  const end = head.indexOf(0, NAME_AT);
  const length = isArchive(head) && end > 0 ? head.readUInt32LE(PLAIN_HEADER + 6) : 0;
  if (length === 0 || length <= end || offset + length > size)
    throw damaged(`no part of an archive begins at byte ${offset}`);
  const [stream = '', version] = head.toString('latin1', NAME_AT, end).split('@');
  return {
    offset,
    length,
    ...(version === undefined ? {} : { stream: stream as StreamName }),
    from: Number(version ?? 0),
  };
};

const linesIn = async (readAt: ReadAt, { offset, length, stream, from }: ArchiveMember): Promise<string[]> => {
  try {
    const text = gunzipSync(await readAt(offset, length)).toString();
    return text.split('\n').slice(0, -1);
  } catch (cause) {
    throw damaged(
      stream === undefined
        ? `its ${offset === 0 ? 'first' : 'last'} line cannot be unpacked`
        : `the records of ${stream} from version ${from} on cannot be unpacked`,
      { ...(stream === undefined ? {} : { stream, version: from }) },
      cause,
    );
  }
};

/** The lines of the export, member after member. @throws HyperRunError `archive.damaged` {stream, version} */
export async function* archiveLines(readAt: ReadAt, size: number): AsyncGenerator<string> {
  for (const member of await membersOf(readAt, size)) yield* await linesIn(readAt, member);
}

/** A record as the log held it. */
export interface ArchivedRecord {
  readonly version: Version;
  readonly header: Buffer;
  readonly data: Buffer;
  readonly redacted?: Sha256;
}

/** The records of one member. @throws HyperRunError `archive.damaged`, `export.malformed` */
export const archivedRecords = async (readAt: ReadAt, member: ArchiveMember): Promise<ArchivedRecord[]> =>
  (await linesIn(readAt, member)).map((text, index) => {
    const line = parseLine(text, index + 1);
    const version = (member.from + index) as Version;
    if (line.kind !== 'record' || line.stream !== member.stream || line.version !== version)
      throw damaged(`${String(member.stream)} ${version} is not where it belongs`, { stream: member.stream, version });
    const header = Buffer.from(line.header);
    if (!('redacted' in line)) return { version, header, data: Buffer.from(line.data) };
    return { version, header, data: Buffer.from(line.left ?? 'null'), redacted: line.redacted };
  });

const damaged = (found: string, details: Readonly<Record<string, unknown>> = {}, cause?: unknown) =>
  new HyperRunError(
    'archive.damaged',
    `The archive was altered or damaged: ${found}. Put it back from a backup.`,
    details,
    'operator',
    { cause },
  );
