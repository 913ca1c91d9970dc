import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, link, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HyperRunError } from '#contracts';
import type { Config } from '../config/config.js';
import { rememberSecrets } from '../config/secrets.js';

/** The bearer token of this service, compared in constant time. */
export class Token {
  readonly #digest: Buffer;

  constructor(readonly value: string) {
    this.#digest = digestOf(value);
    rememberSecrets([value]);
  }

  matches(given: string): boolean {
    return timingSafeEqual(digestOf(given), this.#digest);
  }
}

const digestOf = (text: string) => createHash('sha256').update(text).digest();

/**
 * `HYPER_RUN_TOKEN`, else the one in the data directory, made at the first start (mode 0600). Two processes that start
 * at once end with the same.
 * @throws HyperRunError `access.token-exposed` when others can read the file
 */
export const loadToken = async (config: Config): Promise<Token> => {
  if (config.token !== undefined) return new Token(config.token);
  const path = join(config.dataDirectory, 'token');
  const known = await readFile(path, 'utf8').catch(absent);
  if (known === undefined) await create(path, config.dataDirectory);
  await requirePrivate(path);
  return new Token((await readFile(path, 'utf8')).trim());
};

/** Written whole under another name first, so that nobody ever reads half a token. */
const create = async (path: string, directory: string): Promise<void> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    await chmod(draft, 0o600);
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await unlink(draft);
  }
};

const requirePrivate = async (path: string): Promise<void> => {
  const mode = (await stat(path)).mode & 0o777;
  if ((mode & 0o077) === 0) return;
  throw new HyperRunError(
    'access.token-exposed',
    `${path} has mode ${mode.toString(8)}: others can read it. Delete it for a new token, or set its mode to 600.`,
    {},
    'operator',
  );
};

const absent = (error: NodeJS.ErrnoException): undefined => {
  if (error.code === 'ENOENT') return undefined;
  throw error;
};
