import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Oid } from '#contracts';
import { materialise, type GitRepository } from '#git';

const run = promisify(execFile);

export interface HeldCheckout {
  /** Files of the commit as they are stored, without `.git`. To be read only. */
  readonly directory: string;
  release(): void;
}

const KEPT = 4;
const UNUSED_MS = 2 * 3_600_000;
const TOUCH_MS = 600_000;

/**
 * Checkouts of commits that never change, one per tree, for overlays to lie upon. Several processes may share the folder. The
 * four that were used last stay, and whatever somebody holds. Made anew when the machine was started anew: nobody waits for
 * the disk, and what was not written before a loss of power must not pass for the commit.
 */
export class CheckoutCache {
  readonly #making = new Map<string, Promise<void>>();

  /** `owner`: the user id that the files are given to, where we are root. */
  constructor(
    private readonly folder: string,
    private readonly owner?: number,
  ) {}

  async hold(repository: GitRepository, treeish: Oid): Promise<HeldCheckout> {
    const tree = await repository.treeOf(treeish);
    const directory = join(this.folder, [tree, this.owner ?? 'own', await bootId()].join('-'));
    const making = this.#making.get(directory) ?? this.#ensure(repository, tree, directory);
    this.#making.set(directory, making);
    await making.finally(() => this.#making.delete(directory));
    await touch(directory);
    const timer = setInterval(() => void touch(directory), TOUCH_MS).unref();
    return { directory, release: () => clearInterval(timer) };
  }

  async #ensure(repository: GitRepository, tree: Oid, directory: string): Promise<void> {
    if (await exists(directory)) return;
    const draft = join(this.folder, `draft-${randomUUID()}`);
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    try {
      await materialise(repository.objects, tree, draft);
      if (this.owner !== undefined) await run('chown', ['-RhP', `${this.owner}:${this.owner}`, '--', draft]);
      await rename(draft, directory).catch(async (error: unknown) => {
        if (!(await exists(directory))) throw error; // else another process was faster: what is there is as good
      });
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
    await this.#makeRoom();
  }

  /** What nobody has touched for hours: longer than any holder leaves it alone. */
  async #makeRoom(): Promise<void> {
    const names = await readdir(this.folder);
    const found = await Promise.all(
      names.map(async (name) => ({ path: join(this.folder, name), used: await usedAt(join(this.folder, name)) })),
    );
    for (const { path, used } of found.toSorted((a, b) => b.used - a.used).slice(KEPT))
      if (Date.now() - used > UNUSED_MS) await rm(path, { recursive: true, force: true });
  }
}

const bootId = async (): Promise<string> => {
  const id = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => 'unknown');
  return id.slice(0, 8);
};

const exists = (path: string): Promise<boolean> => access(path).then(() => true, () => false); // prettier-ignore

/** 0 for one that is gone by now. */
const usedAt = (path: string): Promise<number> => stat(path).then(({ mtimeMs }) => mtimeMs, () => 0); // prettier-ignore

/** One that was removed by hand is made anew for the next to hold it. */
const touch = (directory: string): Promise<void> => {
  const now = new Date();
  return utimes(directory, now, now).catch(() => undefined);
};
