import type { Draft } from './draft.js';
import type { RelativeAddress } from './link-address.js';
import { relativeAddress } from './link-address.js';
import { addressOf, anchorMeant, movedTo, sameButPunctuation } from './link-suggestion.js';
import { findTarget } from './link-target.js';
import type { Range } from '#contracts';
import type { DocumentLink } from './markdown-document.js';
import { extensionOf } from './languages.js';
import type { TreeIndex } from './tree-index.js';

/** A relative address of a document: a fact about the blob alone. */
export interface LinkFact extends Pick<DocumentLink, 'kind' | 'url' | 'exact' | 'span'> {
  readonly range: Range;
  readonly line: string;
}

export interface LinkFacts {
  readonly links: readonly LinkFact[];
  readonly headings: readonly string[];
  readonly anchors: readonly string[];
  readonly composed: boolean;
}

/** Gives what another document of the tree offers to point to; undefined: not known. */
export type Anchors = (path: string) => LinkFacts | undefined;

const IMPLICIT = /^(top|user-content-.*|fn.*|L\d+.*|:~:.*|.*[=/].*|readme|\d+)$/i;

const isMarkdown = (path: string) => /^(md|markdown)$/.test(extensionOf(path));

const draft = (link: LinkFact, rule: string, message: string, replacement: string | undefined): Draft => {
  const fixable = replacement !== undefined && link.exact;
  return {
    rule,
    range: link.range,
    line: link.line,
    subject: link.url,
    message,
    confidence: 'certain',
    ...(replacement === undefined ? {} : { notes: { suggestion: replacement.slice(0, 300) } }),
    ...(fixable ? { fixer: 'links', edit: { ...link.span, text: replacement } } : {}),
  };
};

const hasAnchor = (facts: LinkFacts, anchor: string, isSite: boolean): boolean => {
  const wanted = anchor.toLowerCase();
  if (facts.anchors.some((known) => known.toLowerCase() === wanted)) return true;
  return facts.headings.some(
    (known) => known === anchor || known === wanted || (isSite && sameButPunctuation(known, anchor)),
  );
};

const anchorFault = (link: LinkFact, address: RelativeAddress, facts: LinkFacts, index: TreeIndex, where: string) => {
  const { anchor } = address;
  if (anchor === undefined || facts.composed || IMPLICIT.test(anchor) || hasAnchor(facts, anchor, index.isSite))
    return undefined;
  const meant = anchorMeant(anchor, facts.headings);
  const before = link.url.slice(0, link.url.indexOf('#') + 1);
  return draft(
    link,
    'broken-anchor',
    `“#${anchor}” names no heading of ${where}${meant === undefined ? '' : `; “#${meant}” does`}.`,
    meant === undefined ? undefined : before + meant,
  );
};

const pathFault = (
  document: string,
  link: LinkFact,
  address: RelativeAddress,
  missing: string,
  certain: boolean,
  index: TreeIndex,
  anchors: Anchors,
) => {
  const moved = movedTo(index, missing);
  const rule = moved?.because === 'case' ? 'wrong-case' : link.kind === 'image' ? 'broken-image' : 'broken-link';
  if (moved === undefined) {
    return {
      ...draft(link, rule, `“${missing}” does not exist.`, undefined),
      confidence: certain ? ('certain' as const) : ('likely' as const),
    };
  }
  const facts = anchors(moved.path);
  const lost =
    address.anchor !== undefined &&
    isMarkdown(moved.path) &&
    !(facts && hasAnchor(facts, address.anchor, index.isSite));
  const replacement = lost ? undefined : addressOf(document, moved.path, address.path) + address.suffix;
  const why =
    moved.because === 'case' ? `it is spelled “${moved.path}”` : `“${moved.path}” is the only file of this name`;
  return draft(link, rule, `“${missing}” does not exist; ${why}.`, replacement);
};

/** The links of one document that lead nowhere. What cannot be told for certain is not mentioned. */
export const brokenLinks = (document: string, facts: LinkFacts, index: TreeIndex, anchors: Anchors): Draft[] =>
  facts.links.flatMap((link): Draft[] => {
    const address = relativeAddress(link.url);
    if (!address) return [];
    if (address.path === '')
      return [anchorFault(link, address, facts, index, 'this document')].flatMap((fault) => fault ?? []);
    const target = findTarget(index, document, address.path);
    if (target.state === 'missing')
      return [pathFault(document, link, address, target.path, target.certain, index, anchors)];
    if (target.state !== 'found' || !isMarkdown(target.path)) return [];
    const known = target.path === document ? facts : anchors(target.path);
    const fault = known && anchorFault(link, address, known, index, target.path);
    return fault ? [fault] : [];
  });

/** Which other documents must be read before the links of this one can be judged. */
export const documentsNeeded = (document: string, facts: LinkFacts, index: TreeIndex): string[] =>
  facts.links.flatMap((link) => {
    const address = relativeAddress(link.url);
    if (!address || address.anchor === undefined || address.path === '') return [];
    const target = findTarget(index, document, address.path);
    const path =
      target.state === 'found'
        ? target.path
        : target.state === 'missing'
          ? movedTo(index, target.path)?.path
          : undefined;
    return path !== undefined && isMarkdown(path) ? [path] : [];
  });

export const LINKS_HOW = 'links against the tree: mdast-util-from-markdown 2.1.0, anchors by github-slugger 2.0.0';
