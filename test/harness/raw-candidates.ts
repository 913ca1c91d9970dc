import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Oid } from '#contracts';
import type { GitRepository } from '#git';

/** An entry of a tree; mode 0 takes it away. */
export interface RawEntry {
  readonly mode: string;
  readonly path: string | Buffer;
  readonly content?: string;
  /** Of a folder, in this order. */
  readonly entries?: readonly RawEntry[];
}

const ABSENT = '0'.repeat(40);

/** Candidate trees that no tree in memory would make, made by native git alone: whoever judges them has to see it by itself. */
export class RawCandidates {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #blobs = new Map<string, Oid>();
  #indexes = 0;

  /** `directory`: where all their objects lie. */
  constructor(
    private readonly repository: GitRepository,
    private readonly base: Oid,
    readonly directory: string,
  ) {
    mkdirSync(join(directory, 'objects'), { recursive: true });
    this.#environment = {
      PATH: process.env['PATH'],
      HOME: directory,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_OBJECT_DIRECTORY: join(directory, 'objects'),
      GIT_ALTERNATE_OBJECT_DIRECTORIES: join(repository.location.commonDir, 'objects'),
    };
    this.#git(['read-tree', base], { index: 'base' });
  }

  blob(content = 'x\n'): Oid {
    const known = this.#blobs.get(content) ?? this.store('blob', content);
    this.#blobs.set(content, known);
    return known;
  }

  store(type: string, content: string | Buffer): Oid {
    return Oid.parse(this.#git(['hash-object', '-w', '-t', type, '--literally', '--stdin'], { input: content }));
  }

  /** The entry as it stands in a tree, with all that is in it. */
  bytesOf({ mode, path, content, entries }: RawEntry): Buffer {
    const inside = entries && this.store('tree', Buffer.concat(entries.map((entry) => this.bytesOf(entry))));
    return entryBytes(mode, path, inside ?? this.blob(content));
  }

  /** The base with these entries put in or taken away, as git's index does it. */
  tree(entries: readonly RawEntry[]): Oid {
    const index = `index-${(this.#indexes += 1)}`;
    copyFileSync(join(this.directory, 'base'), join(this.directory, index));
    const lines = entries.map(({ mode, path, content }) =>
      Buffer.concat([Buffer.from(`${mode} ${this.#oidOf(mode, content)}\t`), Buffer.from(path), Buffer.from([0])]),
    );
    this.#git(['update-index', '-z', '--index-info'], { index, input: Buffer.concat(lines) });
    return Oid.parse(this.#git(['write-tree', '--missing-ok'], { index }));
  }

  /** The base with these bytes among the entries of one folder at its top. */
  async treeWithBytes(folder: string, more: readonly Buffer[]): Promise<Oid> {
    const { objects } = this.repository;
    const tree = await this.repository.treeOf(this.base);
    const top = await objects.readTree(tree);
    const old = await objects.readTree(top.find(({ name }) => name === folder)?.oid ?? tree);
    const inner = old.map(({ mode, name, oid }) => entryBytes(mode, name, oid));
    const sorted = [...inner, ...more].toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
    const changed = this.store('tree', Buffer.concat(sorted));
    const all = top.map(({ mode, name, oid }) => entryBytes(mode, name, name === folder ? changed : oid));
    return this.store('tree', Buffer.concat(all));
  }

  #oidOf(mode: string, content?: string): string {
    if (mode === '0') return ABSENT;
    return mode === '160000' ? '1'.repeat(40) : this.blob(content);
  }

  #git(args: readonly string[], { index, input = '' }: { index?: string; input?: string | Buffer }): string {
    const quirks = ['-c', 'core.protectHFS=false', '-c', 'core.protectNTFS=false'];
    const env = { ...this.#environment, ...(index && { GIT_INDEX_FILE: join(this.directory, index) }) };
    const cwd = this.repository.location.commonDir;
    return execFileSync('git', [...quirks, ...args], { cwd, input, env, encoding: 'utf8', stdio: 'pipe' }).trim();
  }
}

/** One entry of a git tree, byte by byte. */
export const entryBytes = (mode: string, name: string | Buffer, oid: string): Buffer =>
  Buffer.concat([Buffer.from(`${mode} `), Buffer.from(name), Buffer.from([0]), Buffer.from(oid, 'hex')]);

const sortKey = (entry: Buffer) =>
  entry.toString('latin1', entry.indexOf(0x20) + 1, entry.indexOf(0)) + (entry[0] === 0x34 ? '/' : '');
