import type { Oid, Range } from '#contracts';
import { Bm25Index, type FieldTerms, type Match } from './bm25.js';
import type { Chunk } from './facts.js';
import { type IndexStatus, tally } from './index-status.js';
import { isTestPath } from './language.js';
import { type BlobReader, breath, type FileToIndex, type IndexOptions, loadFacts } from './load-facts.js';
import { parseQuery, type Query } from './query.js';
import { snippetOf, tokensIn } from './snippet.js';
import type { CodeSymbol } from './symbol.js';
import { type IndexedFile, TreeWalk, type TreeNode } from './tree-walk.js';
import { termsOf } from './words.js';

export interface SearchOptions {
  /** At most so many results; 10 by default, 100 at most. */
  readonly limit?: number;
  /** All snippets together hold at most about so many tokens; 2,000 by default. */
  readonly tokens?: number;
}

export interface SearchResult {
  readonly path: string;
  readonly range: Range;
  readonly symbol?: { readonly name: string; readonly kind: CodeSymbol['kind']; readonly parent?: string };
  readonly snippet: string;
  /** Line of the file at which the snippet begins. */
  readonly snippetLine: number;
  /** Comparable within one answer only. */
  readonly score: number;
  /** Why it is here: `exact name`, `exact path`, and matched terms with their fields, as `scope: name, code`. */
  readonly why: readonly string[];
}

interface IndexedChunk {
  readonly file: IndexedFile & { readonly oid: Oid };
  readonly chunk: Chunk;
  readonly symbol?: CodeSymbol;
  readonly isTest: boolean;
}

const TEST_FACTOR = 0.5;
const TOKENS_PER_SNIPPET = 320;
const CANDIDATES_PER_RESULT = 4;

/**
 * Everything that can be asked about a repository at one commit: where something is (`search`) and what is there (`tree`).
 * Immutable once built: an index of another commit is another object, built with the same cache.
 */
export class RepositoryIndex {
  private readonly byName = new Map<string, number[]>();
  private readonly walk: TreeWalk;

  private constructor(
    private readonly chunks: readonly IndexedChunk[],
    files: readonly IndexedFile[],
    private readonly bm25: Bm25Index,
    private readonly read: BlobReader,
    private readonly state: IndexStatus,
  ) {
    this.walk = new TreeWalk(files);
    chunks.forEach(({ symbol }, at) => {
      if (!symbol) return;
      const key = symbol.name.toLowerCase();
      const known = this.byName.get(key);
      if (known) known.push(at);
      else this.byName.set(key, [at]);
    });
  }

  /** Reads every blob that the cache does not know. Gives way to other work every few milliseconds. */
  static async build(
    files: readonly FileToIndex[],
    read: BlobReader,
    options: IndexOptions = {},
  ): Promise<RepositoryIndex> {
    const started = performance.now();
    const loaded = await loadFacts(files, read, options);
    const chunks = loaded.files.flatMap(({ file, facts }) =>
      facts.chunks.map((chunk): IndexedChunk => {
        const symbol = chunk.symbol === undefined ? undefined : facts.symbols[chunk.symbol];
        return { file, chunk, isTest: isTestPath(file.path), ...(symbol && { symbol }) };
      }),
    );
    const bm25 = await Bm25Index.build(chunks.map(fieldTerms), breath());
    const indexed = loaded.files.map(({ file }) => file);
    const status = {
      ...tally(indexed),
      chunks: chunks.length,
      terms: bm25.terms,
      blobsRead: loaded.blobsRead,
      blobsReused: loaded.blobsReused,
      buildMs: performance.now() - started,
    };
    return new RepositoryIndex(chunks, indexed, bm25, read, status);
  }

  status(): IndexStatus {
    return this.state;
  }

  /** A directory, a file or ('') the root, with what lies directly below. @throws HyperRunError hafs.path-not-found */
  tree(path = ''): TreeNode {
    return this.walk.node(path);
  }

  /**
   * The places that answer a question best: those whose identifier or path is in the question first, then by BM25+ over
   * names, parents, path and code. Tests, fixtures and examples come behind what they are about unless they are asked for.
   * @throws HyperRunError hafs.invalid-query
   */
  async search(text: string, options: SearchOptions = {}): Promise<SearchResult[]> {
    const limit = Math.min(Math.max(1, Math.floor(options.limit ?? 10)), 100);
    const query = parseQuery(text);
    const results: SearchResult[] = [];
    const weightOf = new Map(query.terms.map((term) => [term, this.bm25.weight(term)]));
    let left = Math.max(1, options.tokens ?? 2000);
    for (const ranked of this.rank(query, limit)) {
      if (results.length >= limit || left <= 0) break;
      const result = await this.resultOf(ranked, Math.min(left, TOKENS_PER_SNIPPET), weightOf);
      if (!result || (results.length > 0 && tokensIn(result.snippet) > left)) continue;
      left -= tokensIn(result.snippet);
      results.push(result);
    }
    return results;
  }

  private rank(query: Query, limit: number): (Match & { exact?: string })[] {
    const factor = (at: number) => (!query.wantsTests && this.chunks[at]?.isTest ? TEST_FACTOR : 1);
    const matches = this.bm25.search(query.terms, limit * CANDIDATES_PER_RESULT, factor);
    const exact = this.exact(query);
    const top = matches[0]?.score ?? 1;
    const first = [...exact].map(([document, why], at) => {
      const known = matches.find((match) => match.document === document);
      return { document, terms: known?.terms ?? [], score: top + exact.size - at + (known?.score ?? 0), exact: why };
    });
    return [...first, ...matches.filter(({ document }) => !exact.has(document))];
  }

  /** Documents that are named in the question, the best first: same case, not a test, parent named too. */
  private exact(query: Query): ReadonlyMap<number, string> {
    const found: { at: number; why: string; rank: number }[] = [];
    for (const { name, parent } of query.identifiers)
      for (const at of this.byName.get(name.toLowerCase()) ?? []) {
        const { symbol, isTest } = this.chunks[at] ?? {};
        if (parent && symbol?.parent?.toLowerCase().split('.').at(-1) !== parent.toLowerCase()) continue;
        found.push({
          at,
          why: 'exact name',
          rank: (symbol?.name === name ? 0 : 2) + (isTest && !query.wantsTests ? 1 : 0),
        });
      }
    for (const path of query.paths)
      this.chunks.forEach(({ file }, at) => {
        if (file.path === path || file.path.endsWith(`/${path}`)) found.push({ at, why: 'exact path', rank: 3 });
      });
    found.sort((a, b) => a.rank - b.rank || a.at - b.at);
    return new Map(found.slice(0, 20).map(({ at, why }) => [at, why]));
  }

  private async resultOf(
    { document, score, terms, exact }: Match & { exact?: string },
    budget: number,
    weightOf: ReadonlyMap<string, number>,
  ): Promise<SearchResult | undefined> {
    const indexed = this.chunks[document];
    const bytes = indexed && (await this.read(indexed.file.oid));
    if (!indexed || !bytes) return undefined;
    const { startLine, endLine } = indexed.chunk;
    const snippet = snippetOf(bytes.toString('utf8').split('\n'), startLine, endLine, budget, weightOf);
    const { symbol } = indexed;
    return {
      path: indexed.file.path,
      range: { startLine, endLine },
      ...(symbol && {
        symbol: { name: symbol.name, kind: symbol.kind, ...(symbol.parent && { parent: symbol.parent }) },
      }),
      snippet: snippet.text,
      snippetLine: snippet.startLine,
      score: Math.round(score * 1000) / 1000,
      why: [...(exact ? [exact] : []), ...terms.map(({ term, fields }) => `${term}: ${fields.join(', ')}`)],
    };
  }
}

const counted = (text: string): (string | number)[] => {
  const counts = new Map<string, number>();
  for (const term of termsOf(text, 200)) counts.set(term, (counts.get(term) ?? 0) + 1);
  return [...counts].flat();
};

const fieldTerms = ({ file, chunk, symbol }: IndexedChunk): FieldTerms => ({
  name: counted(symbol?.name ?? ''),
  parent: counted(symbol?.parent ?? ''),
  path: counted(file.path),
  code: chunk.terms,
});
