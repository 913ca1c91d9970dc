// What is found in a repository: the shapes.
import { z } from 'zod';
import { Oid, Range, RepositoryId } from '#contracts';
import { LANGUAGES, SKIP_REASONS, SYMBOL_KINDS } from '#hafs';
import { named } from '../http/schemas.js';

const count = z.number().int().nonnegative();
const where = { repositoryId: RepositoryId, commit: Oid };
const Language = z.enum(LANGUAGES);
const SkipReason = z.enum(SKIP_REASONS);
const SymbolKind = z.enum(SYMBOL_KINDS);

const SearchResult = named(
  'SearchResult',
  z.object({
    path: z.string(),
    range: Range,
    symbol: z.object({ name: z.string(), kind: SymbolKind, parent: z.string().optional() }).optional(),
    snippet: z.string(),
    snippetLine: z.number().int().positive(),
    score: z.number(),
    why: z.array(z.string()),
  }),
);

const TreeNode = named(
  'TreeNode',
  z.object({
    kind: z.enum(['repository', 'directory', 'file', 'symbol']),
    name: z.string(),
    path: z.string(),
    size: count.optional(),
    files: count.optional(),
    symbols: count,
    childCount: count,
    language: Language.optional(),
    lines: count.optional(),
    skipped: SkipReason.optional(),
    symbol: z.object({ kind: SymbolKind, startLine: count, endLine: count }).optional(),
    get children() {
      return z.array(TreeNode).optional();
    },
  }),
);

export const SearchAnswer = named('SearchAnswer', z.object({ ...where, items: z.array(SearchResult) }));
export const TreeAnswer = named('TreeAnswer', z.object({ ...where, node: TreeNode }));
export const IndexAnswer = named(
  'IndexAnswer',
  z.object({
    ...where,
    files: count,
    indexed: count,
    skipped: z.partialRecord(SkipReason, count),
    languages: z.partialRecord(Language, count),
    symbols: count,
    chunks: count,
    terms: count,
    blobsRead: count,
    blobsReused: count,
    buildMs: z.number(),
  }),
);
