/** The gate's own judgement of paths and patterns, on bytes and segments. It shares no code with the scope on purpose. */

/** Controls, format characters, invisible ones, line separators, backslash, colon: Unicode 15. */
const FORBIDDEN_CODE_POINTS: readonly (readonly [from: number, to: number])[] = [
  [0x00, 0x1f],
  [0x3a, 0x3a],
  [0x5c, 0x5c],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x600, 0x605],
  [0x61c, 0x61c],
  [0x6dd, 0x6dd],
  [0x70f, 0x70f],
  [0x890, 0x891],
  [0x8e2, 0x8e2],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0xfffd, 0xfffd],
  [0x110bd, 0x110bd],
  [0x110cd, 0x110cd],
  [0x13430, 0x1343f],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff],
];

/** Is this, byte for byte, a path that may stand in a candidate? */
export const isPlainPath = (bytes: Buffer): boolean => {
  if (bytes.length === 0 || bytes.length > 1024) return false;
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes) || text.normalize('NFC') !== text) return false;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (FORBIDDEN_CODE_POINTS.some(([from, to]) => point >= from && point <= to)) return false;
  }
  return text.split('/').every(isPlainSegment);
};

const isPlainSegment = (segment: string): boolean => {
  const plain = segment.normalize('NFKC').toLowerCase();
  if (segment === '' || Buffer.byteLength(segment) > 255 || segment.endsWith('.') || segment.endsWith(' '))
    return false;
  if (/[/\\:]/.test(plain) || plain === '.' || plain === '..') return false;
  const bare = plain.replace(/[. ]+$/, ''); // what some file systems leave out at the end of a name
  if (bare === '.git' || bare === '.gitmodules' || (plain.startsWith('gi') && /~[0-9]+$/.test(plain))) return false;
  return !plain.startsWith('.git') || segment.startsWith('.git');
};

/** Does one of the patterns of a scope cover the path? The language is that of `compilePattern`. */
export const isCovered = (patterns: readonly string[], path: string): boolean =>
  patterns.flatMap(withoutBraces).some((pattern) => {
    const below = pattern.endsWith('/') ? `${pattern}**` : pattern;
    return segmentsMatch(below.split('/'), path.split('/'));
  });

const withoutBraces = (pattern: string): string[] => {
  const open = pattern.indexOf('{');
  const close = pattern.indexOf('}', open);
  if (open < 0 || close < 0) return [pattern];
  const alternatives = pattern.slice(open + 1, close).split(',');
  return alternatives.flatMap((part) => withoutBraces(pattern.slice(0, open) + part + pattern.slice(close + 1)));
};

const segmentsMatch = ([pattern, ...rest]: readonly string[], path: readonly string[]): boolean => {
  if (pattern === undefined) return path.length === 0;
  if (pattern === '**')
    return rest.length === 0 ? path.length > 0 : path.some((_, i) => segmentsMatch(rest, path.slice(i)));
  return path[0] !== undefined && segmentMatches(pattern, path[0]) && segmentsMatch(rest, path.slice(1));
};

const segmentMatches = (pattern: string, text: string): boolean => {
  if (pattern === '') return text === '';
  if (pattern.startsWith('*')) {
    return segmentMatches(pattern.slice(1), text) || (text !== '' && segmentMatches(pattern, text.slice(1)));
  }
  return (
    text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && segmentMatches(pattern.slice(1), text.slice(1))
  );
};
