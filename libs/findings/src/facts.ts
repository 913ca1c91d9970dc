import { type Candidate, isBinary, isMinified, saysGenerated, saysItIsGenerated } from './classify.js';
import { commentsOf } from './comments.js';
import type { Draft } from './draft.js';
import { extensionOf, languageOf } from './languages.js';
import { Lines } from './lines.js';
import { relativeAddress } from './link-address.js';
import type { LinkFacts } from './links.js';
import { markdownFaults } from './markdown.js';
import { tooCostly } from './markdown-cost.js';
import { type MarkdownDocument, readMarkdown } from './markdown-document.js';
import { listedWords, spellingInComments, spellingInProse, type SpellingFacts } from './spelling.js';
import { mayHoldMarker, todosIn } from './todo.js';

/** Raised whenever a fact of the same blob can turn out differently: older cached facts are then not found. */
export const FACTS_VERSION = 5;

/** What is known of one blob, whatever the rest of the tree looks like. Plain JSON. */
export interface FileFacts {
  readonly todo?: readonly Draft[];
  readonly spelling?: SpellingFacts;
  readonly markdown?: readonly Draft[];
  readonly links?: LinkFacts;
  /** Why nothing is known. */
  readonly skipped?: string;
}

export const factsKey = (candidate: Pick<Candidate, 'kind' | 'path' | 'oid'>): string =>
  `facts:${FACTS_VERSION}:${candidate.kind}:${extensionOf(candidate.path)}:${candidate.oid}`;

/** At most so many of one kind in one file: more is a property of the file, not a list to work off. */
const MAX_PER_FILE = 200;
const MAX_LINKS = 5000;

const some = <T>(list: readonly T[]): readonly T[] | undefined =>
  list.length === 0 ? undefined : list.slice(0, MAX_PER_FILE);

const spellingOrNone = (facts: SpellingFacts): SpellingFacts | undefined =>
  facts.hits.length + facts.names.length === 0 ? undefined : { ...facts, hits: facts.hits.slice(0, MAX_PER_FILE) };

const linkFacts = (document: MarkdownDocument, lines: Lines): LinkFacts => ({
  links: document.links
    .filter(({ url }) => relativeAddress(url) !== undefined)
    .slice(0, MAX_LINKS)
    .map(({ kind, url, exact, span }) => {
      const range = lines.range(span.start, span.end);
      return { kind, url, exact, span, range, line: lines.textOf(range.startLine) };
    }),
  headings: document.headings,
  anchors: document.anchors,
  composed: document.composed,
});

const markdownFacts = (text: string): FileFacts => {
  const costly = tooCostly(text);
  if (costly !== undefined) return { skipped: `not parsed: ${costly}` };
  const document = readMarkdown(text);
  const language = languageOf('a.md');
  const comments = language ? commentsOf(text, language) : [];
  const links = linkFacts(document, new Lines(text));
  if (saysItIsGenerated(text) || comments.some(({ start, end }) => saysGenerated(text.slice(start, end))))
    return { links: { ...links, links: [] } };
  return {
    todo: some(todosIn(text, comments)),
    spelling: spellingOrNone(spellingInProse(text, document.prose, document.headingSpans)),
    markdown: some(markdownFaults(text, document)),
    links,
  };
};

const codeFacts = (path: string, content: Buffer): FileFacts => {
  const hasMarker = mayHoldMarker(content);
  const hasWord = listedWords(content.toString('latin1')).size > 0;
  const language = languageOf(path);
  if ((!hasMarker && !hasWord) || !language) return {};
  const text = content.toString('utf8');
  if (saysGenerated(text)) return {};
  const comments = commentsOf(text, language);
  return {
    todo: hasMarker ? some(todosIn(text, comments)) : undefined,
    spelling: hasWord ? spellingOrNone(spellingInComments(text, comments)) : undefined,
  };
};

/** Never throws: what cannot be read is skipped, with the reason. */
export const factsOf = (candidate: Candidate, content: Buffer): FileFacts => {
  if (isBinary(content)) return { skipped: 'binary' };
  if (isMinified(content)) return { skipped: 'a line is longer than 20,000 bytes' };
  try {
    return candidate.kind === 'markdown' ? markdownFacts(content.toString('utf8')) : codeFacts(candidate.path, content);
  } catch (error) {
    return { skipped: `not parsed: ${error instanceof Error ? error.message.slice(0, 100) : 'unknown error'}` };
  }
};
