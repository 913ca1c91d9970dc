import type { Oid } from '#contracts';
import { type BlobFacts, FACTS_VERSION, factsOf } from './facts.js';
import { languageOf, type SkipReason, skipByName } from './language.js';
import type { IndexedFile } from './tree-walk.js';

/** A file of the indexed commit, as a listing of its tree gives it. Symlinks and submodules are listed, never read. */
export interface FileToIndex {
  readonly path: string;
  readonly oid: Oid;
  readonly size: number;
  readonly mode?: string;
}

/** The bytes of a blob; undefined if the repository does not have it. */
export type BlobReader = (oid: Oid) => Promise<Buffer | undefined>;

/** Keeps what is known of blobs, so that another commit, branch or process start reads only what it has not seen. */
export interface FactsCache {
  get(key: string): BlobFacts | undefined;
  set(key: string, facts: BlobFacts): unknown;
}

export interface IndexOptions {
  readonly cache?: FactsCache;
  /** Paths that may not be read; files that commonly hold secrets never are. */
  readonly unreadable?: (path: string) => boolean;
  /** Larger files are listed but not searched. Bytes; 1 MiB by default. */
  readonly maxBytes?: number;
  /** More files are listed but not searched; 100,000 by default. */
  readonly maxFiles?: number;
}

/** Waits for the next turn of the event loop, but only if this turn has been ours for 10 ms. */
export const breath = () => {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < 10) return;
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  };
};

const READS_AT_ONCE = 32;
const NOTHING: BlobFacts = { lines: 0, symbols: [], chunks: [] };

export const loadFacts = async (files: readonly FileToIndex[], read: BlobReader, options: IndexOptions) => {
  const cache = options.cache ?? new Map<string, BlobFacts>();
  const pause = breath();
  let [blobsRead, blobsReused] = [0, 0];
  const load = async (file: FileToIndex, at: number) => {
    const language = languageOf(file.path);
    const skipped = at >= (options.maxFiles ?? 100_000) ? 'too-many-files' : skipUnread(file, options);
    if (skipped) return { ...NOTHING, skipped };
    const key = `${FACTS_VERSION}:${language}:${file.oid}`;
    const known = cache.get(key);
    if (known) {
      blobsReused++;
      return known;
    }
    const bytes = await read(file.oid);
    if (!bytes) return { ...NOTHING, skipped: 'missing' as const };
    await pause();
    const facts = factsOf(bytes, language);
    blobsRead++;
    cache.set(key, facts);
    return facts;
  };
  const loaded: { file: IndexedFile & { oid: Oid }; facts: BlobFacts }[] = [];
  for (let from = 0; from < files.length; from += READS_AT_ONCE) {
    const batch = files.slice(from, from + READS_AT_ONCE);
    const facts = await Promise.all(batch.map((file, at) => load(file, from + at)));
    batch.forEach((file, at) => {
      const known: BlobFacts = facts[at] ?? NOTHING;
      const { lines, symbols, skipped } = known;
      const language = languageOf(file.path);
      const indexed = {
        path: file.path,
        oid: file.oid,
        size: file.size,
        language,
        lines,
        symbols,
        ...(skipped && { skipped }),
      };
      loaded.push({ file: indexed, facts: known });
    });
  }
  return { files: loaded, blobsRead, blobsReused };
};

const skipUnread = (file: FileToIndex, options: IndexOptions): SkipReason | undefined => {
  if (options.unreadable?.(file.path)) return 'unreadable';
  if (file.mode === '120000' || file.mode === '160000') return 'binary';
  return skipByName(file.path, file.size, options.maxBytes ?? 1024 * 1024);
};
