import { HyperRunError } from '#contracts';
import { termsOf } from './words.js';

/** A question, taken apart. */
export interface Query {
  readonly terms: readonly string[];
  /** Words that are written like identifiers (`VirtualTree`, `read_file`, `Task.claim`), or the only word there is. */
  readonly identifiers: readonly { readonly name: string; readonly parent?: string }[];
  readonly paths: readonly string[];
  readonly wantsTests: boolean;
}

export const MAX_QUERY_LENGTH = 1000;
const MAX_TERMS = 64;
const IDENTIFIER = /^[\p{L}_$#][\p{L}\p{N}_$]*$/u;
const LOOKS_WRITTEN_BY_A_PROGRAMMER = /[\p{Ll}\p{N}]\p{Lu}|_|\$/u;
const PATH = /^[^\s:*?"<>|]+\.[a-z0-9]{1,8}$/i;
const ABOUT_TESTS = /\b(tests?|testing|specs?|fixtures?|examples?|mocks?)\b/i;

/** @throws HyperRunError hafs.invalid-query */
export const parseQuery = (text: string): Query => {
  if (text.trim() === '' || text.length > MAX_QUERY_LENGTH)
    throw new HyperRunError(
      'hafs.invalid-query',
      `Expected a question of 1 to ${MAX_QUERY_LENGTH} characters, found ${text.trim() === '' ? 'nothing' : text.length}.`,
      { length: text.length },
    );
  const words = text
    .split(/[\s,;!"'`]+/)
    .map((word) => word.replace(/^[(]+|[)?:.]+$/g, ''))
    .filter((word) => word !== '');
  return {
    terms: termsOf(text, MAX_TERMS),
    identifiers: words.flatMap((word) => identifier(word, words.length === 1)),
    paths: words.filter((word) => PATH.test(word)).slice(0, 8),
    wantsTests: ABOUT_TESTS.test(text),
  };
};

const identifier = (word: string, alone: boolean) => {
  const parts = word.replace(/\(\)?$/, '').split(/[.#]|::/);
  const name = parts.at(-1) ?? '';
  const parent = parts.at(-2);
  if (!IDENTIFIER.test(name) || parts.length > 8) return [];
  if (parent && IDENTIFIER.test(parent)) return [{ name, parent }];
  return alone || LOOKS_WRITTEN_BY_A_PROGRAMMER.test(name) ? [{ name }] : [];
};
