import type { Language, SkipReason } from './language.js';
import type { IndexedFile } from './tree-walk.js';

export interface IndexStatus {
  readonly files: number;
  readonly indexed: number;
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>;
  readonly languages: Readonly<Partial<Record<Language, number>>>;
  readonly symbols: number;
  readonly chunks: number;
  readonly terms: number;
  /** Blobs that were read to build this index, and those that were known already. */
  readonly blobsRead: number;
  readonly blobsReused: number;
  readonly buildMs: number;
}

export const tally = (files: readonly IndexedFile[]) => {
  const skipped: Partial<Record<SkipReason, number>> = {};
  const languages: Partial<Record<Language, number>> = {};
  let symbols = 0;
  for (const file of files) {
    symbols += file.symbols.length;
    if (file.skipped) skipped[file.skipped] = (skipped[file.skipped] ?? 0) + 1;
    else languages[file.language] = (languages[file.language] ?? 0) + 1;
  }
  const indexed = files.filter((file) => !file.skipped).length;
  return { files: files.length, indexed, skipped, languages, symbols };
};
