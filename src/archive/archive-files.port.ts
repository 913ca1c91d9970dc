import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HyperRunError, isHyperRunError, type Sha256, type SprintId, type StreamName, type Version } from '#contracts';
import type { Archive, ArchivedPart, StoredBytes } from '#event-store';
import { archivedRecords, archiveLines, membersOf, type ArchiveMember, type ReadAt } from '#seal';
import { syncDirectory } from '../artifacts/artifact-store.port.js';

const DROPPED = '.dropped';
const SUFFIX = '.ndjson.gz';
const NAME = /^([0-9a-f]{64})\.ndjson\.gz$/;
/** Archives whose tables of contents are remembered, and members that are kept unpacked: pages are read one after the other. */
const OPENED = 256;
const UNPACKED = 8;

/** Whose archive it is, for the words of an error. */
type Of = Pick<ArchivedPart, 'digest'> & { readonly sprintId?: SprintId };

/** An archive that is missing or damaged. */
export interface ArchiveTrouble {
  readonly digest: Sha256;
  readonly sprintId?: SprintId;
  readonly code: string;
  readonly text: string;
}

interface Opened {
  readonly state: string;
  readonly size: number;
  readonly members: readonly ArchiveMember[];
}

type Records = Awaited<ReturnType<typeof archivedRecords>>;

/** The archives in the data directory, each under its SHA-256. What is read from one was compared with it. */
export class ArchiveFiles implements Archive {
  readonly #opened = new Map<string, Promise<Opened>>();
  readonly #unpacked = new Map<string, Promise<Records>>();

  /** What is wrong with which archive, by digest, as far as it was noticed and is not put right. */
  readonly #troubles = new Map<string, ArchiveTrouble>();
  /** What each of them was like when it was looked at again: as long as it stays so, there is nothing new to find out. */
  readonly #lookedAt = new Map<string, string>();
  readonly #listeners = new Set<(error: HyperRunError) => void>();

  constructor(readonly directory: string) {}

  /** Calls back with every archive that is found to be missing or damaged, until the returned function is called. */
  onTrouble(listener: (error: HyperRunError) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Written whole and synced before its digest is given out; the same bytes a second time are the same file. */
  async put(members: AsyncIterable<Buffer>): Promise<{ readonly digest: Sha256; readonly bytes: number }> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const draft = join(this.directory, `${randomUUID()}.draft`);
    const hash = createHash('sha256');
    let bytes = 0;
    const file = await open(draft, 'wx', 0o600);
    try {
      for await (const member of members) {
        hash.update(member);
        bytes += member.length;
        await file.writeFile(member);
      }
      await file.sync();
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    const digest = hash.digest('hex') as Sha256;
    const target = this.pathOf(digest);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await rename(draft, target);
    await syncDirectory(dirname(target));
    await syncDirectory(this.directory);
    return { digest, bytes };
  }

  /** The lines of the export that it holds, read from the disk. @throws HyperRunError `archive.missing`, `archive.damaged` */
  async *lines(of: Of): AsyncGenerator<string> {
    const { size } = await this.#open(of);
    const file = await this.#handle(of);
    try {
      yield* archiveLines(readerOf(file), size);
    } catch (error) {
      throw this.#named(error, of);
    } finally {
      await file.close();
    }
  }

  async *read(stream: StreamName, part: ArchivedPart, from: Version): AsyncGenerator<StoredBytes> {
    const { members } = await this.#open(part);
    const own = members.filter((member) => member.stream === stream);
    for (const [index, member] of own.entries()) {
      if ((own[index + 1]?.from ?? Infinity) <= from) continue;
      for (const record of await this.#records(part, member)) if (record.version >= from) yield record;
    }
  }

  pathOf(digest: Sha256): string {
    return join(this.directory, digest.slice(0, 2), digest + SUFFIX);
  }

  /** Every archive and every draft that lies there, with its age in milliseconds. */
  async list(): Promise<
    { readonly digest?: Sha256; readonly path: string; readonly bytes: number; readonly age: number }[]
  > {
    const names = await readdir(this.directory, { recursive: true }).catch(() => []);
    const files = await Promise.all(
      names.map(async (name) => {
        const path = join(this.directory, name);
        const entry = await stat(path).catch(() => undefined);
        if (entry?.isFile() !== true) return [];
        const digest = NAME.exec(basename(name))?.[1] as Sha256 | undefined;
        if (digest === undefined && !name.endsWith('.draft')) return [];
        return [{ ...(digest && { digest }), path, bytes: entry.size, age: Date.now() - entry.mtimeMs }];
      }),
    );
    return files.flat();
  }

  /** @throws HyperRunError `archive.missing` when the file is not there; what is in it is not read */
  async require(of: Of): Promise<void> {
    const why = await readFile(this.pathOf(of.digest) + DROPPED, 'utf8').catch(() => undefined);
    if (why !== undefined) throw dropped(of, why);
    await stat(this.pathOf(of.digest)).catch((cause: unknown) => {
      throw this.#trouble('archive.missing', of, 'is not in the data directory', cause);
    });
  }

  /** The file goes for good, and why it went stays. */
  async drop(digest: Sha256, why: string): Promise<void> {
    const path = this.pathOf(digest);
    await writeFile(path + DROPPED, why, { mode: 0o600 });
    await rm(path, { force: true });
    await syncDirectory(dirname(path));
  }

  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
  }

  /** What is still wrong: whatever was put right since is forgotten. A file that is as it was is not read again. */
  async lookAgain(): Promise<ArchiveTrouble[]> {
    await Promise.all([...this.#troubles.values()].map((known) => this.#lookAgainAt(known)));
    return [...this.#troubles.values()];
  }

  async #lookAgainAt({ digest, sprintId }: ArchiveTrouble): Promise<void> {
    const state = stateOf(await stat(this.pathOf(digest)).catch(() => undefined));
    if (this.#lookedAt.get(digest) === state) return;
    this.#lookedAt.set(digest, state);
    await this.#open({ digest, sprintId }).catch(() => undefined);
  }

  /** The table of contents, after all bytes were compared with the digest; again when the file is not as it was. */
  async #open(of: Of): Promise<Opened> {
    const path = this.pathOf(of.digest);
    const found = await stat(path).catch(() => undefined);
    const why = found === undefined ? await readFile(path + DROPPED, 'utf8').catch(() => undefined) : undefined;
    if (why !== undefined) throw dropped(of, why);
    if (found === undefined) throw this.#trouble('archive.missing', of, 'is not in the data directory');
    const state = stateOf(found);
    const known = await this.#opened.get(of.digest)?.catch(() => undefined);
    if (known?.state === state) return known;
    const opening = this.#check(of, state, found.size);
    keep(this.#opened, of.digest, opening, OPENED);
    return opening;
  }

  async #check(of: Of, state: string, size: number): Promise<Opened> {
    const hash = createHash('sha256');
    const file = await this.#handle(of);
    try {
      for await (const chunk of createReadStream('', { fd: file, autoClose: false, start: 0 }))
        hash.update(chunk as Buffer);
      if (hash.digest('hex') !== of.digest) throw this.#trouble('archive.damaged', of, 'is not what its digest says');
      const members = await membersOf(readerOf(file), size);
      this.#troubles.delete(of.digest);
      return { state, size, members };
    } catch (error) {
      throw this.#named(error, of);
    } finally {
      await file.close();
    }
  }

  async #records(of: Of, member: ArchiveMember): Promise<Records> {
    const key = `${of.digest} ${member.offset}`;
    const known = this.#unpacked.get(key);
    if (known !== undefined) return known;
    const reading = this.#unpack(of, member);
    keep(this.#unpacked, key, reading, UNPACKED);
    return reading;
  }

  async #unpack(of: Of, member: ArchiveMember): Promise<Records> {
    const file = await this.#handle(of);
    try {
      return await archivedRecords(readerOf(file), member);
    } catch (error) {
      this.#unpacked.delete(`${of.digest} ${member.offset}`);
      throw this.#named(error, of);
    } finally {
      await file.close();
    }
  }

  async #handle(of: Of): Promise<FileHandle> {
    try {
      return await open(this.pathOf(of.digest), 'r');
    } catch (cause) {
      throw this.#trouble('archive.missing', of, `cannot be read (${String(cause)})`, cause);
    }
  }

  #named(error: unknown, of: Of): unknown {
    if (!isHyperRunError(error) || error.details['digest'] !== undefined) return error;
    return this.#trouble('archive.damaged', of, `was altered or damaged: ${error.message}`, error, error.details);
  }

  #trouble(
    code: 'archive.missing' | 'archive.damaged',
    { digest, sprintId }: Of,
    found: string,
    cause?: unknown,
    place: Readonly<Record<string, unknown>> = {},
  ): HyperRunError {
    const of = sprintId === undefined ? '' : ` of sprint ${sprintId}`;
    const error = new HyperRunError(
      code,
      `Archive ${digest}${of} ${found}. Put ${this.pathOf(digest)} back from a backup; everything else goes on.`,
      { ...place, digest, ...(sprintId && { sprintId }) },
      'operator',
      { cause },
    );
    this.#opened.delete(digest);
    this.#troubles.set(digest, { digest, ...(sprintId && { sprintId }), code, text: error.message });
    for (const listener of this.#listeners) listener(error);
    return error;
  }
}

const dropped = ({ digest, sprintId }: Of, why: string) =>
  new HyperRunError(
    'archive.dropped',
    `Archive ${digest}${sprintId === undefined ? '' : ` of sprint ${sprintId}`} was let go of: ${why} Its heads and seals stay in the log.`,
    { digest, ...(sprintId && { sprintId }) },
  );

/** What would change if the file did. */
const stateOf = (file: Stats | undefined): string =>
  file === undefined ? 'missing' : `${file.ino} ${file.size} ${file.mtimeMs} ${file.ctimeMs}`;

const readerOf =
  (file: FileHandle): ReadAt =>
  async (offset, length) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };

/** The oldest ones make room. */
const keep = <Value>(map: Map<string, Value>, key: string, value: Value, most: number): void => {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
};
