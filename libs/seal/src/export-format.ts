import { createHash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { HyperRunError, SealedHead, Sha256, SprintId, StreamName, Version, type Recorded } from '#contracts';
import { Seal, type SealedRecord } from './chain.js';

export const EXPORT_FORMAT = 'hyper-run-export';
export const EXPORT_VERSION = 1;

/** First line: what this file is. */
export const ExportStart = z.object({
  format: z.literal(EXPORT_FORMAT),
  formatVersion: z.literal(EXPORT_VERSION),
  sprintId: SprintId,
  incarnation: z.string().max(40),
});
export type ExportStart = z.infer<typeof ExportStart>;

/**
 * One record: header and data are the stored bytes as text, so that hashes can be made again from them; `hash` is the
 * chain's at this record. A redacted one has the SHA-256 of its data in place of it, and what was left of them, unsealed.
 */
export const ExportRecord = z.union([
  z.strictObject({ stream: StreamName, version: Version, header: z.string(), data: z.string(), hash: Sha256 }),
  z.strictObject({
    stream: StreamName,
    version: Version,
    header: z.string(),
    redacted: Sha256,
    left: z.string().optional(),
    hash: Sha256,
  }),
]);
export type ExportRecord = z.infer<typeof ExportRecord>;

/** Last line: how many records there are, and where each stream ended. */
export const ExportEnd = z.object({ events: z.number().int().nonnegative(), heads: z.array(SealedHead) });
export type ExportEnd = z.infer<typeof ExportEnd>;

export type ExportLine =
  | ({ readonly kind: 'start' } & ExportStart)
  | ({ readonly kind: 'record' } & ExportRecord)
  | ({ readonly kind: 'end' } & ExportEnd);

export interface ExportSource {
  readonly sprintId: SprintId;
  readonly incarnation: string;
  /** The sprint's stream and those of its tasks, with their stored bytes from the first version on. */
  readonly streams: readonly {
    readonly stream: StreamName;
    readonly records: AsyncIterable<SealedRecord> | Iterable<SealedRecord>;
  }[];
}

/** One line of an export; a record's with its place. */
export type ExportText =
  | { readonly text: string; readonly stream: StreamName; readonly version: number }
  | { readonly text: string; readonly end?: ExportEnd };

/** The lines of an export, without line ends. Streams one after the other: nothing is held but their heads. */
export async function* exportLines(source: ExportSource): AsyncGenerator<string> {
  for await (const { text } of exportTexts(source)) yield text;
}

export async function* exportTexts({ sprintId, incarnation, streams }: ExportSource): AsyncGenerator<ExportText> {
  yield { text: JSON.stringify({ format: EXPORT_FORMAT, formatVersion: EXPORT_VERSION, sprintId, incarnation }) };
  const heads: SealedHead[] = [];
  for (const { stream, records } of streams) {
    const seal = new Seal(stream);
    for await (const record of records) {
      const { version, header } = record;
      const hash = seal.add(record);
      const body = bodyOf(record, stream);
      const text = JSON.stringify({ stream, version, header: textOf(header, stream, version), ...body, hash });
      yield { text, stream, version };
    }
    heads.push(seal.head);
  }
  const end: ExportEnd = { events: heads.reduce((sum, head) => sum + head.version, 0), heads };
  yield { text: JSON.stringify(end), end };
}

const bodyOf = ({ version, data, redacted }: SealedRecord, stream: StreamName) => {
  if (!(data instanceof Uint8Array)) return { redacted: data.redacted };
  const text = textOf(data, stream, version);
  return redacted === undefined ? { data: text } : { redacted, left: text };
};

const textOf = (bytes: Uint8Array, stream: string, version: number): string => {
  if (isUtf8(bytes)) return Buffer.from(bytes).toString('utf8');
  throw new HyperRunError(
    'log.corrupt',
    `${stream} ${version} is not UTF-8. Restore the log from a backup.`,
    { stream, version },
    'operator',
  );
};

/** The record with its data taken out; the chain over it stays the same. */
export const redact = (record: ExportRecord): ExportRecord => {
  if ('redacted' in record) return record;
  const { data, ...rest } = record;
  return { ...rest, redacted: createHash('sha256').update(data).digest('hex') as Sha256 };
};

export const sealedRecordOf = (record: ExportRecord): SealedRecord => ({
  version: record.version,
  header: Buffer.from(record.header),
  data: 'redacted' in record ? { redacted: record.redacted } : Buffer.from(record.data),
});

/**
 * The event of a record as it was written, or, of a redacted one, with the data that were left, `undefined` when there are
 * none. @throws SyntaxError when it is not JSON
 */
export const recordedOf = (record: ExportRecord): Recorded | undefined => {
  const data = 'redacted' in record ? record.left : record.data;
  if (data === undefined) return undefined;
  return { ...(JSON.parse(record.header) as object), data: JSON.parse(data) as unknown } as Recorded;
};

/**
 * The lines of an export, typed, one by one. Empty lines are passed over.
 * @throws HyperRunError `export.malformed` {line}
 */
export async function* readExport(lines: AsyncIterable<string> | Iterable<string>): AsyncGenerator<ExportLine> {
  let number = 0;
  for await (const text of lines) {
    number++;
    if (text.trim() !== '') yield parseLine(text, number);
  }
}

export const parseLine = (text: string, number: number): ExportLine => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed(number, 'it is not JSON', cause);
  }
  const has = (field: string) => typeof value === 'object' && value !== null && field in value;
  if (has('format')) return { kind: 'start', ...expect(ExportStart, value, number) };
  if (has('heads')) return { kind: 'end', ...expect(ExportEnd, value, number) };
  return { kind: 'record', ...expect(ExportRecord, value, number) };
};

const expect = <T>(schema: z.ZodType<T>, value: unknown, number: number): T => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw malformed(number, `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'invalid'}`, parsed.error);
};

const malformed = (line: number, found: string, cause: unknown) =>
  new HyperRunError(
    'export.malformed',
    `Line ${line} of the export is not one of its kind: ${found}.`,
    { line },
    'caller',
    {
      cause,
    },
  );
