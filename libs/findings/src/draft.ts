import { createHash } from 'node:crypto';
import type { Finding, FindingSource, Range } from '#contracts';

/** Replace `[start, end)` (UTF-16 offsets in the decoded file) by `text`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A finding before it knows its path and its id: a fact about a blob, plain JSON, cached. */
export interface Draft {
  readonly rule: string;
  readonly range: Range;
  /** The line it stands on. */
  readonly line: string;
  /** What exactly: the word, the address … Tells apart two findings on one line. */
  readonly subject: string;
  readonly message: string;
  readonly confidence: Finding['confidence'];
  readonly fixer?: string;
  readonly notes?: Readonly<Record<string, string>>;
  readonly edit?: Edit;
}

export interface LocatedFinding {
  readonly finding: Finding;
  readonly edit?: Edit;
}

/** Control, direction-changing and other invisible characters, which could make a text look like another one. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;

/** Text for a person's eyes: one line, nothing invisible, at most `limit` characters. */
export const clean = (text: string, limit = 400): string => {
  const plain = text
    .slice(0, limit * 4)
    .replace(/\s+/g, ' ')
    .replace(INVISIBLE, '')
    .trim();
  return plain.length <= limit ? plain : `${plain.slice(0, limit - 1)}…`;
};

const digest = (parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);

/**
 * Gives drafts of one file their identity: the first 16 digits of SHA-256 over source, rule, path, the line without
 * its outer and repeated blanks, the subject, and the number among equals. Moved lines keep their ids.
 */
export const locate = (
  source: FindingSource,
  path: string,
  how: string,
  drafts: readonly Draft[],
): LocatedFinding[] => {
  const seen = new Map<string, number>();
  return drafts.map((draft) => {
    const parts = [source, draft.rule, path, draft.line.trim().replace(/\s+/g, ' '), draft.subject];
    const key = parts.join('\0');
    const occurrence = (seen.get(key) ?? 0) + 1;
    seen.set(key, occurrence);
    const finding: Finding = {
      findingId: digest([...parts, String(occurrence)]),
      source,
      rule: draft.rule,
      path,
      range: draft.range,
      excerpt: clean(draft.line),
      message: clean(draft.message, 600),
      how,
      confidence: draft.confidence,
      ...(draft.fixer === undefined ? {} : { fixer: draft.fixer }),
      ...(draft.notes === undefined ? {} : { notes: { ...draft.notes } }),
    };
    return draft.edit === undefined ? { finding } : { finding, edit: draft.edit };
  });
};

/** Applies edits that do not overlap; of two that do, the first wins. */
export const applyEdits = (text: string, edits: readonly Edit[]): string => {
  let result = '';
  let position = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (edit.start < position) continue;
    result += text.slice(position, edit.start) + edit.text;
    position = edit.end;
  }
  return result + text.slice(position);
};
