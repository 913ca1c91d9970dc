/** Why a path is not one that an agent may name. */
export interface PathFault {
  /** Stable: `path.empty`, `path.absolute` … */
  readonly rule: string;
  readonly reason: string;
}

export const MAX_PATH_BYTES = 1024;
export const MAX_SEGMENT_BYTES = 255;
const MAX_DEPTH = 64;

type Check = readonly [rule: string, fails: (text: string) => boolean, reason: string];

const bytes = (text: string) => Buffer.byteLength(text, 'utf8');

const OF_PATH: readonly Check[] = [
  ['path.empty', (path) => path === '', 'it is empty'],
  ['path.not-utf8', (path) => /[\p{Surrogate}\uFFFD]/u.test(path), 'it is not valid UTF-8'],
  ['path.control-character', (path) => /\p{Cc}/u.test(path), 'it contains a control character'],
  [
    'path.invisible-character',
    (path) => /[\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u.test(path),
    'it contains an invisible or direction-changing character',
  ],
  ['path.too-long', (path) => bytes(path) > MAX_PATH_BYTES, `it is longer than ${MAX_PATH_BYTES} bytes`],
  ['path.backslash', (path) => path.includes('\\'), 'it contains a backslash'],
  ['path.absolute', (path) => path.startsWith('/'), 'it is absolute'],
  ['path.not-normalised', (path) => path !== path.normalize('NFC'), 'it is not in Unicode normal form C'],
  ['path.too-deep', (path) => path.split('/').length > MAX_DEPTH, `it has more than ${MAX_DEPTH} segments`],
];

/** As a case-insensitive, compatibility-folding or NTFS file system would see it. */
const disguised = (segment: string) => segment.normalize('NFKC').toLowerCase();

const OF_SEGMENT: readonly Check[] = [
  ['path.empty-segment', (segment) => segment === '', 'it has an empty segment'],
  ['path.dot-segment', (segment) => /^\.{1,2}$/.test(disguised(segment)), 'it has a segment "." or ".."'],
  [
    'path.too-long',
    (segment) => bytes(segment) > MAX_SEGMENT_BYTES,
    `a segment is longer than ${MAX_SEGMENT_BYTES} bytes`,
  ],
  [
    'path.separator-in-disguise',
    (segment) => /[/\\]/.test(disguised(segment)),
    'a character in it stands for a separator',
  ],
  ['path.colon', (segment) => disguised(segment).includes(':'), 'it contains a colon (drive or stream)'],
  [
    'path.git-directory',
    (segment) => /^(\.git[. ]*|git~\d+)$/.test(disguised(segment)),
    'it leads into a git directory',
  ],
  [
    'path.git-modules',
    (segment) => /^(\.gitmodules[. ]*|gi.*~\d+)$/.test(disguised(segment)),
    'it is a .gitmodules file',
  ],
  [
    'path.git-in-disguise',
    (segment) => /^\.git/.test(disguised(segment)) && !segment.startsWith('.git'),
    'it is .git* in disguise',
  ],
  ['path.trailing-dot-or-space', (segment) => /[. ]$/.test(segment), 'a segment ends in a dot or a space'],
];

/**
 * The first fault of a path, or undefined. Valid: relative, `/` between segments, UTF-8 in normal form C, no control,
 * invisible or bidirectional characters, nothing that any file system could take for `.`, `..` or a git directory,
 * at most 255 bytes a segment and 1,024 in all. Comes before any matching of patterns.
 */
export const validatePath = (path: string): PathFault | undefined => {
  const ofPath = OF_PATH.find(([, fails]) => fails(path));
  const found = ofPath ?? OF_SEGMENT.find(([, fails]) => path.split('/').some(fails));
  return found && { rule: found[0], reason: `${JSON.stringify(path.slice(0, 200))}: ${found[2]}.` };
};

/** Two paths with the same fold are one file on some file systems. */
export const fold = (path: string): string => path.normalize('NFC').toUpperCase().toLowerCase();
