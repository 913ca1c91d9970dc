export { analyse, analyseFiles, type Analysis } from './analyse.js';
export type { AnalyseOptions, Skipped } from './scan.js';
export { fixFindings } from './fix.js';
export { compareFindings, type Comparison } from './compare.js';
export { withAges, type Blame } from './ages.js';
export { REPORT_PATHS, type CoverageReport } from './coverage.js';
export { type FactCache, type FileCache, memoryCache, openFileCache } from './fact-cache.js';
export { folderTree, memoryTree, type SourceTree, type TreeFile } from './source-tree.js';
export { kindOf, isTestPath, type FileKind } from './classify.js';
