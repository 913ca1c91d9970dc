import { z } from 'zod';
import { isHyperRunError, SealedHead, type StreamName, type Version } from '#contracts';
import { linkOf, Seal, seedOf } from './chain.js';
import { parseLine, sealedRecordOf, type ExportLine, type ExportRecord } from './export-format.js';

/**
 * `malformed`: a line is not one of an export. `truncated`: its beginning or end is missing. `gap`: a version is missing or
 * stands twice. `header`: the header names another place. `altered`: bytes are not those that were recorded.
 * `head`: the chain does not lead to a head that was recorded elsewhere. `missing`: a recorded head has no records here.
 */
export type ProblemKind = 'malformed' | 'truncated' | 'gap' | 'header' | 'altered' | 'head' | 'missing';

export interface Problem {
  readonly stream?: StreamName;
  readonly version?: Version;
  readonly kind: ProblemKind;
  readonly text: string;
}

export interface Verified {
  readonly valid: boolean;
  /** At most 100, in the order in which they were found. */
  readonly problems: readonly Problem[];
  /** Where each stream ends, by hashes made anew from the bytes. */
  readonly heads: readonly SealedHead[];
  readonly events: number;
}

/** A head that was recorded somewhere, and where. */
export interface Anchor {
  readonly head: SealedHead;
  /** `sprint-x 12 (sprint.completed)`, `commit 1234abc` … */
  readonly from: string;
}

const MAX_PROBLEMS = 100;

/**
 * Makes all hashes of an export anew and compares them with those that were recorded: with every record, at its end, in
 * `sprint.completed`, `task.publish-decided` and `sprint.integration-decided`, and with further anchors, as from the
 * trailers of commits. Offline.
 */
export const verifyExport = async (
  lines: AsyncIterable<string> | Iterable<string>,
  anchors: readonly Anchor[] = [],
): Promise<Verified> => {
  const verification = new Verification();
  let number = 0;
  for await (const text of lines) {
    number++;
    if (text.trim() !== '') verification.line(text, number);
  }
  return verification.end(anchors);
};

interface Chain {
  readonly seal: Seal;
  /** Hash at each version, made anew; the first is that of the empty stream. */
  readonly hashes: string[];
  /** Hash that the record before claims: an altered record is named, not all that follow it. */
  claimed: Buffer;
  version: number;
}

class Verification {
  readonly #problems: Problem[] = [];
  readonly #chains = new Map<StreamName, Chain>();
  readonly #anchors: Anchor[] = [];
  #events = 0;
  #started = false;
  #ended = false;

  line(text: string, number: number): void {
    let line: ExportLine;
    try {
      line = parseLine(text, number);
    } catch (error) {
      if (!isHyperRunError(error)) throw error;
      return this.#report('malformed', error.message);
    }
    if (this.#ended) this.#report('malformed', `Line ${number} follows the last line.`);
    if (!this.#started && line.kind !== 'start') this.#report('truncated', 'The first line of the export is missing.');
    this.#started = true;
    if (line.kind === 'record') this.#record(line);
    if (line.kind === 'end') this.#end(line);
  }

  end(anchors: readonly Anchor[]): Verified {
    if (!this.#ended) this.#report('truncated', 'The last line of the export is missing: its end was cut off.');
    for (const anchor of [...this.#anchors, ...anchors]) this.#compare(anchor);
    return {
      valid: this.#problems.length === 0,
      problems: this.#problems,
      heads: [...this.#chains.values()].map((chain) => chain.seal.head),
      events: this.#events,
    };
  }

  #record(record: ExportRecord): void {
    const { stream, version } = record;
    const chain = this.#chainOf(stream);
    this.#events++;
    if (version !== chain.version + 1)
      this.#report(
        'gap',
        `${stream} goes from version ${chain.version} to ${version}.`,
        stream,
        (chain.version + 1) as Version,
      );
    chain.version = version;
    const sealed = sealedRecordOf(record);
    if (linkOf(chain.claimed, sealed).toString('hex') !== record.hash)
      this.#report('altered', `${stream} ${version} was altered: its bytes do not lead to its hash.`, stream, version);
    chain.claimed = Buffer.from(record.hash, 'hex');
    chain.hashes[version] = chain.seal.add(sealed);
    this.#readHeader(record);
  }

  #readHeader(record: ExportRecord): void {
    const { stream, version } = record;
    try {
      const header = JSON.parse(record.header) as { stream?: unknown; version?: unknown; type?: unknown };
      if (header.stream !== stream || header.version !== version)
        this.#report('header', `The header of ${stream} ${version} names another place.`, stream, version);
      if (!('redacted' in record)) this.#anchors.push(...recordedHeads(header.type, record, record.data));
    } catch {
      this.#report('altered', `${stream} ${version} cannot be read as an event.`, stream, version);
    }
  }

  #end({ events, heads }: Extract<ExportLine, { kind: 'end' }>): void {
    this.#ended = true;
    if (events !== this.#events)
      this.#report('truncated', `The export says that it has ${events} records and has ${this.#events}.`);
    this.#anchors.push(...heads.map((head) => ({ head, from: 'the end of the export' })));
    for (const [stream, chain] of this.#chains)
      if (!heads.some((head) => head.stream === stream && head.version === chain.version))
        this.#report('truncated', `The end of the export does not name ${stream} ${chain.version}.`, stream);
  }

  #compare({ head: { stream, version, hash }, from }: Anchor): void {
    const found = version === 0 ? seedOf(stream).toString('hex') : this.#chains.get(stream)?.hashes[version];
    if (found === hash) return;
    const text = `${stream} ${version} should have the hash that ${from} recorded`;
    if (found === undefined) this.#report('missing', `${text}, and is not in the export.`, stream, version);
    else this.#report('head', `${text}, and has another: something up to there was altered.`, stream, version);
  }

  #chainOf(stream: StreamName): Chain {
    const known = this.#chains.get(stream);
    if (known !== undefined) return known;
    const chain: Chain = { seal: new Seal(stream), hashes: [], claimed: seedOf(stream), version: 0 };
    this.#chains.set(stream, chain);
    return chain;
  }

  #report(kind: ProblemKind, text: string, stream?: StreamName, version?: Version): void {
    if (this.#problems.length < MAX_PROBLEMS)
      this.#problems.push({ ...(stream && { stream }), ...(version !== undefined && { version }), kind, text });
  }
}

const Completed = z.object({ heads: z.array(SealedHead) });
const PublishDecided = z.object({ sealed: SealedHead });

/** Heads that an event records: of all streams of a sprint when it ends, of a stream when publishing from it is decided. */
const recordedHeads = (type: unknown, { stream, version }: ExportRecord, data: string): Anchor[] => {
  const from = `${stream} ${version} (${String(type)})`;
  const value: unknown = JSON.parse(data);
  if (type === 'sprint.completed') return Completed.parse(value).heads.map((head) => ({ head, from }));
  if (type !== 'task.publish-decided' && type !== 'sprint.integration-decided') return [];
  const { sealed } = PublishDecided.parse(value);
  const before: SealedHead = { stream, version: (version - 1) as Version, hash: sealed.hash };
  const same = sealed.stream === stream && sealed.version === before.version;
  return same ? [{ head: sealed, from }] : [before, sealed].map((head) => ({ head, from }));
};
