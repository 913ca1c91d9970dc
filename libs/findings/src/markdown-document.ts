import GithubSlugger from 'github-slugger';
import type { Nodes, Root } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A link, an image or a definition, with the place of its address in the source where that is certain. */
export interface DocumentLink {
  readonly kind: 'link' | 'image' | 'definition' | 'html';
  /** As written, undone of Markdown escapes. */
  readonly url: string;
  readonly span: Span;
  /** Whether `span` is exactly the address, so that it can be replaced. */
  readonly exact: boolean;
}

export interface MarkdownDocument {
  readonly links: readonly DocumentLink[];
  /** Names that `#…` may point to, as GitHub makes them, in order. */
  readonly headings: readonly string[];
  /** Names given explicitly: `id`, `name`, `{#custom}`. */
  readonly anchors: readonly string[];
  /** Headings, from mark to end: who changes one changes its anchor. */
  readonly headingSpans: readonly Span[];
  /** Prose: text nodes, without code, addresses and HTML. */
  readonly prose: readonly Span[];
  /** Lines (from, to, inclusive) of code, HTML and front matter. */
  readonly literalLines: readonly (readonly [number, number])[];
  /** Parts of it come from elsewhere when it is rendered: what it contains is not known. */
  readonly composed: boolean;
}

const FRONT_MATTER =
  /^(?:﻿)?(?:---\r?\n[\s\S]{0,20000}?\r?\n---|\+\+\+\r?\n[\s\S]{0,20000}?\r?\n\+\+\+)[ \t]*(?=\r?\n|$)/;
const COMPOSED =
  /\{%|\{\{|^\s*(?:--8<--|!include|@include|@import|<!--\s*@include|\.\. )|\[\[_?TOC_?\]\]|^(?:import|export) .+ from /im;
/** A component of a site, which may bring anchors of its own. */
const COMPONENT = /^\s*<[A-Z][A-Za-z]*[\s/>]/m;
const EXPLICIT = /\s(?:id|name)\s*=\s*(?:"([^"\n]{1,200})"|'([^'\n]{1,200})'|([^\s"'>]{1,200}))/gi;
const CUSTOM_ID = /\{:?\s*#([\w.:-]{1,200})[^}\n]{0,200}\}/g;
const HTML_LINK = /<(?:a|img)\b[^>]{0,500}?\s(?:href|src)\s*=\s*(?:"([^"\n]{0,1000})"|'([^'\n]{0,1000})')/gi;

/** Length is kept, so that offsets stay true. */
const blank = (text: string) => text.replace(/[^\n\r]/g, ' ');

export const withoutFrontMatter = (text: string): string => text.replace(FRONT_MATTER, blank);

/** What a heading reads like when it is rendered. */
const plain = (node: Nodes): string => {
  if ('value' in node) return node.type === 'html' ? '' : node.value;
  if (node.type === 'image' || node.type === 'imageReference') return '';
  return 'children' in node ? node.children.map(plain).join('') : '';
};

const spanOf = (node: Nodes): Span => ({
  start: node.position?.start.offset ?? 0,
  end: node.position?.end.offset ?? 0,
});

const addressIn = (source: string, node: Nodes & { url: string }): { span: Span; exact: boolean } => {
  const span = spanOf(node);
  const slice = source.slice(span.start, span.end);
  const opening = node.type === 'definition' ? slice.indexOf(']:') : slice.lastIndexOf('](');
  const at = opening === -1 ? -1 : slice.indexOf(node.url, opening);
  if (at === -1 || node.url === '') return { span, exact: false };
  return { span: { start: span.start + at, end: span.start + at + node.url.length }, exact: true };
};

const htmlLinks = (source: string, span: Span): DocumentLink[] =>
  [...source.slice(span.start, span.end).matchAll(HTML_LINK)].map((match) => {
    const url = match[1] ?? match[2] ?? '';
    const start = span.start + match.index + match[0].length - 1 - url.length;
    return { kind: 'html' as const, url, span: { start, end: start + url.length }, exact: url !== '' };
  });

/** Reads a Markdown text that `tooCostly` has let through. */
export const readMarkdown = (text: string): MarkdownDocument => {
  const source = withoutFrontMatter(text);
  const root: Root = fromMarkdown(source, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  const slugger = new GithubSlugger();
  const links: DocumentLink[] = [];
  const headings: string[] = [];
  const headingSpans: Span[] = [];
  const prose: Span[] = [];
  const literalLines: [number, number][] = [];
  const frontMatter = FRONT_MATTER.exec(text);
  if (frontMatter) literalLines.push([1, frontMatter[0].split('\n').length]);
  const visit = (node: Nodes, inAutolink: boolean): void => {
    const lines = node.position ? ([node.position.start.line, node.position.end.line] as [number, number]) : undefined;
    if (node.type === 'text' && !inAutolink) prose.push(spanOf(node));
    if ((node.type === 'code' || node.type === 'html') && lines) literalLines.push(lines);
    if (node.type === 'html') links.push(...htmlLinks(source, spanOf(node)));
    if (node.type === 'heading') {
      headings.push(slugger.slug(plain(node).replace(CUSTOM_ID, '').trim()));
      headingSpans.push(spanOf(node));
    }
    if (node.type === 'link' || node.type === 'image' || node.type === 'definition') {
      links.push({ kind: node.type, url: node.url, ...addressIn(source, node) });
    }
    const autolink = node.type === 'link' && !source.startsWith('[', spanOf(node).start);
    if ('children' in node) for (const child of node.children) visit(child, autolink);
  };
  visit(root, false);
  const explicit = [...source.matchAll(EXPLICIT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
  const custom = [...source.matchAll(CUSTOM_ID)].map((match) => match[1] ?? '');
  return {
    links,
    headings,
    headingSpans,
    anchors: [...explicit, ...custom],
    prose,
    literalLines,
    composed: COMPOSED.test(source) || COMPONENT.test(source),
  };
};
