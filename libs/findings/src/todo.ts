import type { Comment } from './comments.js';
import type { Draft } from './draft.js';
import { Lines } from './lines.js';

const MARKERS = ['TODO', 'FIXME', 'HACK', 'XXX'];
/** The marker as a remark of its own: not quoted, not part of a name, of a placeholder such as `XXX-XX`, or of a
 *  sentence about such markers. */
const MARKER = /(?<![\w`'"“$<{/.-]|[a-z,] (?!\w+[:(]))(TODO|FIXME|HACK|XXX)(?![\w`'"”>}/-]|\.\w|,?\s?XXX)/g;

/** Cheap: whether a file can contain a marker at all. */
export const mayHoldMarker = (content: Buffer): boolean => MARKERS.some((marker) => content.includes(marker));

/** What authors left for later, in comments only. */
export const todosIn = (text: string, comments: readonly Comment[]): Draft[] => {
  const lines = new Lines(text);
  return comments.flatMap((comment) =>
    [...text.slice(comment.start, comment.end).matchAll(MARKER)].map((match): Draft => {
      const start = comment.start + match.index;
      const range = lines.range(start, start + match[0].length);
      const said = text.slice(start, comment.end).split('\n')[0] ?? '';
      return {
        rule: match[0],
        range,
        line: lines.textOf(range.startLine),
        subject: match[0],
        message: `Left for later: ${said.replace(/(?:\*\/|-->)\s*$/, '').slice(0, 300)}`,
        confidence: 'certain',
      };
    }),
  );
};
