import { setImmediate } from 'node:timers/promises';
import type { FindingSource } from '#contracts';
import { type Candidate, isBinary, isMinified, saysGenerated } from './classify.js';
import type { CoverageReport } from './coverage.js';
import type { Draft } from './draft.js';
import { type FactCache, memoryCache } from './fact-cache.js';
import { factsKey, factsOf, FACTS_VERSION, type FileFacts } from './facts.js';
import { extensionOf } from './languages.js';
import { LINT_HOW, lintFiles } from './lint.js';
import { readAll, type SourceTree } from './source-tree.js';

export interface AnalyseOptions {
  /** Facts survive here from one analysis to the next; without it everything is computed. */
  readonly cache?: FactCache;
  readonly sources?: readonly FindingSource[];
  /** Paths that are not to be read at all. */
  readonly unreadable?: (path: string) => boolean;
  /** Coverage reports that lie outside of the tree, because nobody commits them. */
  readonly reports?: readonly CoverageReport[];
  /** When a file was last changed, in milliseconds since 1970. */
  readonly lastChanged?: (path: string) => Promise<number | undefined>;
  readonly signal?: AbortSignal;
  /** What is not done after so many milliseconds is skipped, and said so. Default 120,000. */
  readonly timeLimit?: number;
}

export interface Skipped {
  readonly source: string;
  readonly reason: string;
}

const READ_AT_ONCE = 400;
const TURN_MS = 10;

const isRecord = (value: unknown): value is FileFacts => typeof value === 'object' && value !== null;
const isDrafts = (value: unknown): value is Draft[] => Array.isArray(value);
const isHandwritten = (content: Buffer) =>
  !isBinary(content) && !isMinified(content) && !saysGenerated(content.toString('utf8', 0, 2000));

/** Facts about the files of one tree, from the cache where it has them. */
export class Scan {
  private readonly cache: FactCache;
  private readonly deadline: number;
  private gaveWay = performance.now();
  readonly skipped: Skipped[] = [];

  constructor(
    private readonly tree: SourceTree,
    private readonly options: AnalyseOptions,
  ) {
    this.cache = options.cache ?? memoryCache();
    this.deadline = performance.now() + (options.timeLimit ?? 120_000);
  }

  /** One file may take a second; a repository full of them must not keep the process from answering and renewing leases. */
  private async giveWay(): Promise<void> {
    if (performance.now() - this.gaveWay < TURN_MS) return;
    await setImmediate();
    this.gaveWay = performance.now();
  }

  private get over(): boolean {
    this.options.signal?.throwIfAborted();
    return performance.now() > this.deadline;
  }

  /** Facts of these files, from the cache where it has them. Lets others run between two files. */
  async facts(candidates: readonly Candidate[]): Promise<Map<string, FileFacts>> {
    const facts = new Map<string, FileFacts>();
    const unknown: Candidate[] = [];
    for (const candidate of candidates) {
      const known = this.cache.get(factsKey(candidate));
      if (isRecord(known)) facts.set(candidate.path, known);
      else unknown.push(candidate);
    }
    for (let from = 0; from < unknown.length; from += READ_AT_ONCE) {
      const portion = unknown.slice(from, from + READ_AT_ONCE);
      const contents = await readAll(
        this.tree,
        portion.map(({ path }) => path),
      );
      for (const [index, candidate] of portion.entries()) {
        if (this.over) {
          const left = unknown.length - from - index;
          this.skipped.push({ source: 'all', reason: `${left} files not looked into: out of time` });
          return facts;
        }
        const content = contents.get(candidate.path);
        if (!content) continue;
        const known = factsOf(candidate, content);
        this.cache.set(factsKey(candidate), known);
        facts.set(candidate.path, known);
        await this.giveWay();
      }
    }
    return facts;
  }

  private lintKey({ path, oid }: Candidate): string {
    return `lint:${FACTS_VERSION}:${LINT_HOW}:${extensionOf(path)}:${oid}`;
  }

  /** Lint drafts by path. One program for all files that the cache does not know. */
  async lint(scripts: readonly Candidate[]): Promise<Map<string, Draft[]>> {
    const unknown = new Map<string, Candidate>();
    for (const script of scripts) {
      if (!isDrafts(this.cache.get(this.lintKey(script))))
        unknown.set(`${script.oid}.${extensionOf(script.path)}`, script);
    }
    const paths = [...unknown.values()].map(({ path }) => path);
    const contents = await readAll(this.tree, paths);
    const entries: [string, Buffer][] = [];
    for (const [name, script] of unknown) {
      const content = contents.get(script.path);
      if (content && isHandwritten(content)) entries.push([name, content]);
      else this.cache.set(this.lintKey(script), []);
    }
    await this.lintUnknown(entries, unknown);
    const found = new Map<string, Draft[]>();
    for (const script of scripts) {
      const drafts = this.cache.get(this.lintKey(script));
      if (isDrafts(drafts) && drafts.length > 0) found.set(script.path, drafts);
    }
    return found;
  }

  /** A file that the linter cannot survive is found by halving, and left out. */
  private async lintUnknown(
    entries: readonly (readonly [string, Buffer])[],
    owners: ReadonlyMap<string, Candidate>,
  ): Promise<void> {
    if (entries.length === 0) return;
    if (this.over)
      return void this.skipped.push({ source: 'lint', reason: `${entries.length} files not linted: out of time` });
    try {
      const found = await lintFiles(new Map(entries));
      for (const [name] of entries) {
        const owner = owners.get(name);
        if (owner) this.cache.set(this.lintKey(owner), found.get(name) ?? []);
      }
    } catch (error) {
      const [only] = entries;
      if (entries.length === 1 && only) {
        const reason = error instanceof Error ? error.message.slice(0, 200) : 'unknown error';
        this.skipped.push({ source: 'lint', reason: `${owners.get(only[0])?.path ?? ''}: ${reason}` });
        return;
      }
      const half = entries.length >> 1;
      await this.lintUnknown(entries.slice(0, half), owners);
      await this.lintUnknown(entries.slice(half), owners);
    }
  }
}
