import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { writeCommit, writeObject } from 'isomorphic-git';
import { HyperRunError, type Instant, type Oid } from '#contracts';
import { oidFrom, serialiseTree, type TreeEntry } from './tree.js';

export interface CommitContent {
  readonly tree: Oid;
  readonly parents: readonly Oid[];
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly time: Instant;
}

/**
 * New objects in a folder of their own, outside the repository. isomorphic-git writes them and is never shown the
 * repository: it only ever sees this folder, so no format of the repository can mislead it.
 * Native git reads both through `ObjectDatabase` with this folder as private directory.
 */
export class PrivateObjects {
  private constructor(
    readonly directory: string,
    private readonly files: { readonly promises: typeof fs },
  ) {}

  static async create(directory: string): Promise<PrivateObjects> {
    const root = resolve(directory);
    await fs.mkdir(join(root, 'objects'), { recursive: true, mode: 0o700 });
    return new PrivateObjects(root, { promises: onlyBelow(join(root, 'objects')) });
  }

  writeBlob(content: Buffer): Promise<Oid> {
    return this.write('blob', content);
  }

  writeTree(entries: readonly TreeEntry[]): Promise<Oid> {
    return this.write('tree', serialiseTree(entries));
  }

  /** Author and committer are the same person at the same time, in UTC. */
  async writeCommit({ tree, parents, message, author, time }: CommitContent): Promise<Oid> {
    const person = { ...cleaned(author), timestamp: Math.floor(time / 1000), timezoneOffset: 0 };
    const commit = {
      tree,
      parent: [...parents],
      message: `${message.replaceAll('\0', '').trim()}\n`,
      author: person,
      committer: person,
    };
    return oidFrom(await writeCommit({ fs: this.files, gitdir: this.directory, commit }));
  }

  private async write(type: 'blob' | 'tree', object: Buffer): Promise<Oid> {
    return oidFrom(await writeObject({ fs: this.files, gitdir: this.directory, type, object, format: 'content' }));
  }
}

/** Line breaks and angle brackets end a field of a commit's header. */
const cleaned = ({ name, email }: CommitContent['author']) => {
  const field = (text: string) =>
    text
      .replaceAll(/[\p{Cc}<>]/gu, '')
      .trim()
      .slice(0, 200);
  return { name: field(name) || 'hyper-run', email: field(email) };
};

/** isomorphic-git truncates and writes in place; a crash would leave half an object under its final name. */
const onlyBelow = (root: string): typeof fs => ({
  ...fs,
  writeFile: async (file, data) => {
    if (typeof file !== 'string') throw new TypeError('An object is written to a path.');
    const path = resolve(file);
    if (!path.startsWith(root + sep)) {
      throw new HyperRunError('git.write-outside', `Objects are written below ${root} only.`, { path }, 'operator');
    }
    const temporary = join(dirname(path), `tmp_obj_${randomBytes(8).toString('hex')}`);
    if (!(data instanceof Uint8Array)) throw new TypeError('An object is written as bytes.');
    await fs.mkdir(dirname(path), { recursive: true });
    await fs.writeFile(temporary, data, { flag: 'wx', mode: 0o444 });
    await fs.rename(temporary, path);
  },
});
