import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Facts about blobs, by a key that names blob, kind of file and version of the analyser. Values are plain JSON. */
export interface FactCache {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
}

export const memoryCache = (): FactCache => new Map<string, unknown>();

export interface FileCache extends FactCache {
  /** Writes what was asked for or added since it was opened; the rest is forgotten. Nothing changed: nothing written. */
  save(): Promise<void>;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Facts in one JSON file. An unreadable file is an empty cache: it holds nothing that cannot be computed again. */
export const openFileCache = async (file: string): Promise<FileCache> => {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  let known: Map<string, unknown>;
  try {
    const parsed: unknown = JSON.parse(text);
    known = new Map(isRecord(parsed) ? Object.entries(parsed) : []);
  } catch {
    known = new Map();
  }
  const used = new Map<string, unknown>();
  let added = false;
  return {
    get(key) {
      const value = used.get(key) ?? known.get(key);
      if (value !== undefined) used.set(key, value);
      return value;
    },
    set(key, value) {
      used.set(key, value);
      added = true;
    },
    async save() {
      if (!added && used.size === known.size) return;
      await mkdir(dirname(file), { recursive: true });
      const draft = `${file}.${process.pid}.tmp`;
      await writeFile(draft, JSON.stringify(Object.fromEntries(used)));
      await rename(draft, file);
      added = false;
    },
  };
};
