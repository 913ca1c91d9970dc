import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Longer than writing anything of this may take. */
const HOUR_MS = 3_600_000;
/** An artefact gets its name, the SHA-256 of its bytes, once it is whole and on disk; until then it has one of its own. */
const ARTIFACT = /^[0-9a-f]{64}\.[0-9a-f-]{36}$/;
const CHECKOUT = /^draft-[0-9a-f-]{36}$/;
const SETUP = /^[0-9a-f]{16,64}\.[0-9a-f]{8}$/;

/** What processes that ended in the middle left half written, in the data directory and in the cache. It can be removed. */
export const halfWritten = async (
  place: { readonly data: string; readonly cache: string },
  now = Date.now(),
): Promise<readonly string[]> => {
  const found = [
    ...(await below(join(place.data, 'artifacts'), ARTIFACT)),
    ...(await below(join(place.cache, 'checkouts'), CHECKOUT)),
    ...(await below(join(place.cache, 'setup'), SETUP)),
  ];
  const old = await Promise.all(found.map(async (path) => now - (await touchedAt(path)) > HOUR_MS));
  return found.filter((_, index) => old[index]);
};

/** In the folders of a folder. */
const below = async (place: string, names: RegExp): Promise<string[]> => {
  const folders = (await namesIn(place)).map((name) => join(place, name));
  const each = folders.map(async (folder) =>
    (await namesIn(folder)).filter((name) => names.test(name)).map((name) => join(folder, name)),
  );
  return (await Promise.all(each)).flat();
};

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

/** What is gone meanwhile is nobody's any more, and is not told. */
const touchedAt = (path: string): Promise<number> => stat(path).then(({ mtimeMs }) => mtimeMs, () => Infinity); // prettier-ignore
