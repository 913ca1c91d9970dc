// A patch as git writes it, read for being shown. What it says is the repository's: text and nothing else.

export interface PatchLine {
  readonly kind: 'same' | 'added' | 'removed' | 'note';
  readonly old?: number;
  readonly new?: number;
  readonly text: string;
}

export interface Hunk {
  /** What git found around it: the function, the heading. */
  readonly context: string;
  readonly lines: readonly PatchLine[];
}

export interface FilePatch {
  readonly path: string;
  /** Where it was before, if that is another place. */
  readonly from?: string;
  readonly change: 'added' | 'deleted' | 'modified' | 'renamed';
  /** Its content is not text. */
  readonly binary: boolean;
  /** `100644 → 100755` */
  readonly mode?: string;
  readonly hunks: readonly Hunk[];
  readonly additions: number;
  readonly deletions: number;
  /** Lines to show. */
  readonly size: number;
}

interface Draft {
  path: string;
  from?: string;
  change: FilePatch['change'];
  binary: boolean;
  oldMode?: string;
  newMode?: string;
  hunks: { context: string; lines: PatchLine[] }[];
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/;

export const parsePatch = (text: string): FilePatch[] => {
  const lines = text.split('\n');
  const files: FilePatch[] = [];
  let draft: Draft | undefined;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (line.startsWith('diff --git ')) {
      if (draft !== undefined) files.push(finish(draft));
      draft = { path: pathOfHead(line), change: 'modified', binary: false, hunks: [] };
    } else if (draft !== undefined) {
      const hunk = HUNK.exec(line);
      if (hunk === null) readHead(draft, line);
      else at = readHunk(draft, hunk, lines, at + 1) - 1;
    }
  }
  if (draft !== undefined) files.push(finish(draft));
  return files;
};

const readHead = (draft: Draft, line: string): void => {
  const [, name, value = ''] =
    /^(new file mode|deleted file mode|old mode|new mode|rename from|rename to|---|\+\+\+|Binary files|GIT binary patch) ?(.*)$/.exec(
      line,
    ) ?? [];
  switch (name) {
    case 'new file mode':
      draft.change = 'added';
      return;
    case 'deleted file mode':
      draft.change = 'deleted';
      return;
    case 'old mode':
      draft.oldMode = value;
      return;
    case 'new mode':
      draft.newMode = value;
      return;
    case 'rename from':
      draft.from = unquoted(value);
      draft.change = 'renamed';
      return;
    case 'rename to':
      draft.path = unquoted(value);
      return;
    case '+++':
    case '---':
      if (!value.startsWith('/dev/null')) draft.path = unprefixed(unquoted(value.replace(/\t$/, '')));
      return;
    case 'Binary files':
    case 'GIT binary patch':
      draft.binary = true;
      return;
    default:
  }
};

/** Reads as many lines as the head of the hunk promises; answers where the next thing begins. */
const readHunk = (draft: Draft, head: RegExpExecArray, lines: readonly string[], start: number): number => {
  let [old, next] = [Number(head[1]), Number(head[3])];
  let [oldLeft, newLeft] = [Number(head[2] ?? 1), Number(head[4] ?? 1)];
  const read: PatchLine[] = [];
  let at = start;
  for (; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const text = line.slice(1);
    if (line.startsWith('\\')) read.push({ kind: 'note', text: text.trim() });
    else if (oldLeft <= 0 && newLeft <= 0) break;
    else if (line.startsWith('+')) {
      read.push({ kind: 'added', new: next++, text });
      newLeft--;
    } else if (line.startsWith('-')) {
      read.push({ kind: 'removed', old: old++, text });
      oldLeft--;
    } else {
      read.push({ kind: 'same', old: old++, new: next++, text });
      oldLeft--;
      newLeft--;
    }
  }
  draft.hunks.push({ context: head[5] ?? '', lines: read });
  return at;
};

const finish = ({ oldMode, newMode, ...draft }: Draft): FilePatch => {
  const lines = draft.hunks.flatMap((hunk) => hunk.lines);
  const count = (kind: PatchLine['kind']) => lines.filter((line) => line.kind === kind).length;
  return {
    ...draft,
    ...(oldMode === undefined || newMode === undefined ? {} : { mode: `${oldMode} → ${newMode}` }),
    additions: count('added'),
    deletions: count('removed'),
    size: lines.length,
  };
};

/** Of `diff --git a/x b/x`, where no other line names the file: a change of mode alone, or of something binary. */
const pathOfHead = (line: string): string => {
  const rest = line.slice('diff --git '.length);
  const quoted = /^"(?:[^"\\]|\\.)*" ("(?:[^"\\]|\\.)*")$/.exec(rest)?.[1];
  return unprefixed(unquoted(quoted ?? rest.slice(Math.floor(rest.length / 2) + 1)));
};

const unprefixed = (path: string): string => path.replace(/^[ab]\//, '');

const ESCAPES: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };

/** git quotes names with special characters as C does, byte by byte. */
const unquoted = (name: string): string => {
  if (!/^".*"$/.test(name)) return name;
  const bytes: number[] = [];
  for (const [part, octal, letter] of name.slice(1, -1).matchAll(/\\([0-7]{3})|\\(.)|[^\\]+/gsu)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else if (letter !== undefined) bytes.push(ESCAPES[letter] ?? letter.charCodeAt(0));
    else bytes.push(...new TextEncoder().encode(part));
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
};

/** Where two versions of a line differ: they share what is before `start` and the last `end` characters. */
export interface Difference {
  readonly start: number;
  readonly end: number;
}
export const differenceOf = (before: string, after: string): Difference => {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  if (isHalf(before, start) || isHalf(after, start)) start--;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  if (isHalf(before, before.length - end) || isHalf(after, after.length - end)) end--;
  return { start, end };
};

/** Whether a character would be cut in two here. */
const isHalf = (text: string, at: number): boolean => /^[\udc00-\udfff]/.test(text.slice(at, at + 1));

/** For each line of a hunk the one that it replaces or is replaced by: runs of removed and added lines, one by one. */
export const counterparts = (lines: readonly PatchLine[]): ReadonlyMap<number, number> => {
  const pairs = new Map<number, number>();
  for (let at = 0; at < lines.length; at++) {
    if (lines[at]?.kind !== 'removed') continue;
    const from = at;
    while (lines[at]?.kind === 'removed') at++;
    const middle = at;
    while (lines[at]?.kind === 'added') at++;
    if (at - middle !== middle - from) continue;
    for (let index = from; index < middle; index++) {
      pairs.set(index, index + middle - from);
      pairs.set(index + middle - from, index);
    }
    at--;
  }
  return pairs;
};
