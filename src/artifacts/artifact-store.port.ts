import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HyperRunError, Sha256 } from '#contracts';
import { bytesWithoutSecrets } from '../config/secrets.js';

const REMOVED = '.removed';

/** Large bodies, once each, by SHA-256, in the data directory. Written whole and synced before their hash is given out. */
export class ArtifactStore {
  constructor(private readonly directory: string) {}

  /** Text that people and agents read: the secrets that the service knows are taken out. */
  putText(body: Buffer | string): Promise<Sha256> {
    return this.put(bytesWithoutSecrets(Buffer.from(body)));
  }

  /** Bytes that stay as they are. */
  async put(bytes: Buffer): Promise<Sha256> {
    const sha = createHash('sha256').update(bytes).digest('hex') as Sha256;
    const target = this.#path(sha);
    if ((await this.renew(sha)) && (await stat(target).catch(() => undefined))?.size === bytes.length) return sha;
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const temporary = `${target}.${randomUUID()}`;
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
    await syncDirectory(dirname(target));
    await syncDirectory(this.directory);
    return sha;
  }

  /** As if it were put here now, so that whoever lets go of what is old does not take it for that. False: it is not here. */
  async renew(sha: Sha256): Promise<boolean> {
    const now = new Date();
    return utimes(this.#path(sha), now, now).then(
      () => true,
      () => false,
    );
  }

  /** @throws HyperRunError `artifact.missing`, `artifact.altered` (operator), `artifact.removed` */
  async get(sha: Sha256): Promise<Buffer> {
    const bytes = await readFile(this.#path(sha)).catch(() => undefined);
    const why =
      bytes === undefined ? await readFile(this.#path(sha) + REMOVED, 'utf8').catch(() => undefined) : undefined;
    if (why !== undefined) throw new HyperRunError('artifact.removed', `Artefact ${sha} was removed: ${why}`, { sha });
    if (bytes === undefined)
      throw new HyperRunError('artifact.missing', `Artefact ${sha} is not in the data directory.`, { sha }, 'operator');
    const found = createHash('sha256').update(bytes).digest('hex');
    if (found !== sha)
      throw new HyperRunError('artifact.altered', `Artefact ${sha} hashes to ${found}.`, { sha, found }, 'operator');
    return bytes;
  }

  /** When it was put here, last; undefined when it is not there. Milliseconds since 1970. */
  async putAt(sha: Sha256): Promise<number | undefined> {
    return (await stat(this.#path(sha)).catch(() => undefined))?.mtimeMs;
  }

  /** The body goes, and why it went stays. */
  async remove(sha: Sha256, why: string): Promise<void> {
    await this.#remove(sha, why, this.#path(sha));
  }

  async #remove(sha: Sha256, why: string, body: string): Promise<void> {
    const path = this.#path(sha);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path + REMOVED, why, { mode: 0o600 });
    await rm(body, { force: true });
    await syncDirectory(dirname(path));
  }

  /** The same for what nobody has put here since a time. Whoever puts it at the same moment has it: it is moved away, and then judged. */
  async removeOlder(sha: Sha256, than: number, why: string): Promise<void> {
    const path = this.#path(sha);
    const away = `${path}.${randomUUID()}`;
    const isThere = await rename(path, away).then(
      () => true,
      () => false,
    );
    if (!isThere) return;
    if ((await stat(away)).mtimeMs > than) return rename(away, path);
    await this.#remove(sha, why, away);
  }

  #path(sha: Sha256): string {
    return join(this.directory, sha.slice(0, 2), sha);
  }
}

/** A name is on disk only when its folder is. */
export const syncDirectory = async (path: string): Promise<void> => {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};
