export { leafOf, linkOf, Seal, sealStream, seedOf, type SealedRecord } from './chain.js';
export {
  archiveLines,
  archivedRecords,
  isArchive,
  membersOf,
  packArchive,
  type ArchiveMember,
  type ReadAt,
} from './archive-format.js';
export {
  EXPORT_FORMAT,
  EXPORT_VERSION,
  exportLines,
  readExport,
  recordedOf,
  redact,
  type ExportEnd,
  type ExportLine,
  type ExportRecord,
  type ExportSource,
  type ExportStart,
} from './export-format.js';
export { parseTrailers, TRAILER, trailerOf } from './trailer.js';
export { verifyExport, type Anchor, type Problem, type ProblemKind, type Verified } from './verify-export.js';
