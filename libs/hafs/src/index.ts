export { RepositoryIndex, type SearchOptions, type SearchResult } from './repository-index.js';
export type { BlobReader, FactsCache, FileToIndex, IndexOptions } from './load-facts.js';
export type { IndexStatus } from './index-status.js';
export type { BlobFacts, Chunk } from './facts.js';
export { FACTS_VERSION } from './facts.js';
export { type Language, LANGUAGES, languageOf, mayHoldSecrets, SKIP_REASONS, type SkipReason } from './language.js';
export { MAX_QUERY_LENGTH } from './query.js';
export { type CodeSymbol, SYMBOL_KINDS, type SymbolKind } from './symbol.js';
export type { TreeNode } from './tree-walk.js';
