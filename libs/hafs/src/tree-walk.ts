import { HyperRunError } from '#contracts';
import type { Language, SkipReason } from './language.js';
import type { CodeSymbol, SymbolKind } from './symbol.js';

/** A place in the repository. Counts and sizes of a directory are those of everything below it. */
export interface TreeNode {
  readonly kind: 'repository' | 'directory' | 'file' | 'symbol';
  /** Last part of the path, or the name of the symbol. */
  readonly name: string;
  /** Path of the file or directory; '' is the root. Of a symbol: the path of its file. */
  readonly path: string;
  /** Bytes. */
  readonly size?: number;
  readonly files?: number;
  readonly symbols: number;
  /** How many nodes lie directly below. */
  readonly childCount: number;
  readonly language?: Language;
  readonly lines?: number;
  /** Why it is listed but not searched. */
  readonly skipped?: SkipReason;
  readonly symbol?: { readonly kind: SymbolKind; readonly startLine: number; readonly endLine: number };
  /** One level, in the order directories, files (by name), symbols (by line). Absent below the level that was asked for. */
  readonly children?: readonly TreeNode[];
}

export interface IndexedFile {
  readonly path: string;
  readonly size: number;
  readonly language: Language;
  readonly lines: number;
  readonly symbols: readonly CodeSymbol[];
  readonly skipped?: SkipReason;
}

interface Directory {
  readonly path: string;
  readonly directories: Directory[];
  readonly files: IndexedFile[];
  size: number;
  fileCount: number;
  symbols: number;
}

export class TreeWalk {
  private readonly directories = new Map<string, Directory>();
  private readonly files = new Map<string, IndexedFile>();

  constructor(files: Iterable<IndexedFile>) {
    this.directory('');
    for (const file of files) {
      this.files.set(file.path, file);
      this.directory(parentOf(file.path)).files.push(file);
      this.count(file);
    }
    for (const directory of this.directories.values()) {
      directory.directories.sort((a, b) => order(a.path, b.path));
      directory.files.sort((a, b) => order(a.path, b.path));
    }
  }

  /** @throws HyperRunError hafs.path-not-found */
  node(path: string): TreeNode {
    const directory = this.directories.get(path);
    if (directory) {
      const children = [...directory.directories.map(directoryNode), ...directory.files.map(fileNode)];
      return { ...directoryNode(directory), children };
    }
    const file = this.files.get(path);
    if (file) return { ...fileNode(file), children: symbolNodes(file) };
    const found = path.slice(0, 200);
    throw new HyperRunError(
      'hafs.path-not-found',
      `Expected a directory or file of the indexed commit (as a/b/c, '' for the root), found ${JSON.stringify(found)}.`,
      { path: found },
    );
  }

  private directory(path: string): Directory {
    const missing: string[] = [];
    let known = this.directories.get(path);
    for (let at = path; !known; at = parentOf(at)) {
      missing.push(at);
      if (at === '') break;
      known = this.directories.get(parentOf(at));
    }
    let parent = known;
    for (const at of missing.toReversed()) {
      const created: Directory = { path: at, directories: [], files: [], size: 0, fileCount: 0, symbols: 0 };
      this.directories.set(at, created);
      parent?.directories.push(created);
      parent = created;
    }
    return parent ?? this.directory('');
  }

  private count(file: IndexedFile): void {
    for (let at = parentOf(file.path); ; at = parentOf(at)) {
      const directory = this.directory(at);
      directory.size += file.size;
      directory.fileCount++;
      directory.symbols += file.symbols.length;
      if (at === '') return;
    }
  }
}

const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));
const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);
const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const directoryNode = (directory: Directory): TreeNode => ({
  kind: directory.path === '' ? 'repository' : 'directory',
  name: nameOf(directory.path),
  path: directory.path,
  size: directory.size,
  files: directory.fileCount,
  symbols: directory.symbols,
  childCount: directory.directories.length + directory.files.length,
});

const fileNode = (file: IndexedFile): TreeNode => ({
  kind: 'file',
  name: nameOf(file.path),
  path: file.path,
  size: file.size,
  symbols: file.symbols.length,
  childCount: file.symbols.length,
  language: file.language,
  lines: file.lines,
  ...(file.skipped && { skipped: file.skipped }),
});

const symbolNodes = (file: IndexedFile): TreeNode[] =>
  file.symbols.map(({ name, kind, parent, startLine, endLine }) => ({
    kind: 'symbol',
    name: parent ? `${parent}.${name}` : name,
    path: file.path,
    symbols: 0,
    childCount: 0,
    symbol: { kind, startLine, endLine },
  }));
