import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Longer than writing anything of this may take. */
const HOUR_MS = 3_600_000;
/** An artefact gets its name, the SHA-256 of its bytes, once it is whole and on disk; until then it has one of its own. */
const ARTIFACT = /^[0-9a-f]{64}\.[0-9a-f-]{36}$/;
const ARCHIVE = /^[0-9a-f-]{36}\.draft$/;
const BASE = /^[0-9a-f]{64}\.json\.[0-9a-f-]{36}$/;
const RECORD = /^(service\.json|log-mark\.json|token|socket-directory)\.[0-9a-f.]+$/;
const CHECKOUT = /^draft-[0-9a-f-]{36}$/;
const SETUP = /^[0-9a-f]{16,64}\.[0-9a-f]{8}$/;

export interface HalfWrittenOptions {
  readonly now?: number;
  /** Nobody works on the data directory: what is half written there will never be whole. Others may still use the cache. */
  readonly abandoned?: boolean;
}

/** What processes that ended in the middle left half written, in the data directory and in the cache. It can be removed. */
export const halfWritten = async (
  { data, cache }: { readonly data: string; readonly cache: string },
  { now = Date.now(), abandoned = false }: HalfWrittenOptions = {},
): Promise<readonly string[]> => {
  const inData = [
    ...(await below(join(data, 'artifacts'), ARTIFACT)),
    ...(await within(join(data, 'archive'), ARCHIVE)),
    ...(await within(join(data, 'bases'), BASE)),
    ...(await within(data, RECORD)),
  ];
  const inCache = [...(await below(join(cache, 'checkouts'), CHECKOUT)), ...(await below(join(cache, 'setup'), SETUP))];
  return [...(abandoned ? inData : await old(inData, now)), ...(await old(inCache, now))];
};

const old = async (paths: readonly string[], now: number): Promise<string[]> => {
  const ages = await Promise.all(paths.map(async (path) => now - (await touchedAt(path))));
  return paths.filter((_, index) => (ages[index] ?? 0) > HOUR_MS);
};

const within = async (folder: string, names: RegExp): Promise<string[]> =>
  (await namesIn(folder)).filter((name) => names.test(name)).map((name) => join(folder, name));

/** In the folders of a folder. */
const below = async (place: string, names: RegExp): Promise<string[]> =>
  (await Promise.all((await namesIn(place)).map((name) => within(join(place, name), names)))).flat();

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

/** What is gone meanwhile is nobody's any more, and is not told. */
const touchedAt = (path: string): Promise<number> => stat(path).then(({ mtimeMs }) => mtimeMs, () => Infinity); // prettier-ignore
