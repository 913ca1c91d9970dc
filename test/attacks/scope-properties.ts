import { resolve } from 'node:path';
import { expect } from '@jest/globals';
import * as fc from 'fast-check';
import { compileScope, validatePath } from '#workspace';
import { isCovered, isPlainPath } from '../../libs/workspace/src/gate-rules.js';

/** The oracle: a matcher so simple that it can be seen to be right. */
const matches = (pattern: string, path: string): boolean => segmentsMatch(pattern.split('/'), path.split('/'));
const segmentsMatch = ([first, ...rest]: string[], path: string[]): boolean => {
  if (first === undefined) return path.length === 0;
  if (first === '**' && rest.length === 0) return path.length > 0;
  if (first === '**') return path.some((_, i) => segmentsMatch(rest, path.slice(i)));
  return path.length > 0 && segmentMatches(first, path[0] ?? '') && segmentsMatch(rest, path.slice(1));
};
const segmentMatches = (pattern: string, text: string): boolean => {
  if (pattern === '') return text === '';
  if (pattern.startsWith('*'))
    return segmentMatches(pattern.slice(1), text) || (text !== '' && segmentMatches(pattern, text.slice(1)));
  return (
    text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && segmentMatches(pattern.slice(1), text.slice(1))
  );
};

const literal = fc
  .string({ unit: fc.constantFrom('a', 'b', '.', 'A', '[', ')', '+', '@', '-', '$', ','), minLength: 1, maxLength: 3 })
  .filter((text) => !/^\.+$|\.$/.test(text));
const segment = fc.oneof(
  literal,
  literal.map((text) => `${text}*`),
  literal.map((text) => `*${text}`),
  literal.map((text) => `?${text}`),
  fc.constantFrom('*', '**'),
);
const joined = (parts: fc.Arbitrary<string>) =>
  fc.array(parts, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
const pattern = joined(segment);
const path = joined(literal).filter((name) => validatePath(name) === undefined);

/** Mostly what attacks are made of. */
const hostile = fc.oneof(
  fc.constantFrom('a', 'b', '.', '..', '/', 'docs', 'docs/', '.git', 'g', 'i', 't', '~1', ' ', '\\', ':', '\0', '\n'),
  fc.constantFrom('\u200c', '\u202e', '\u0301', '\u00e9', '\uFF0E', '\uFF0F', '\uFFFD', 'x'.repeat(256)),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
);
const anyPath = fc.array(hostile, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''));

/** What holds for any path and any scope. Each is tried with as many cases as one likes. */
export const SCOPE_PROPERTIES: readonly (readonly [name: string, property: fc.IProperty<unknown>])[] = [
  [
    'decides as a naive matcher does, whatever pattern, path, task, grant and protection come together',
    fc.property(
      fc.array(pattern, { minLength: 1, maxLength: 3 }),
      path,
      fc.option(fc.array(path, { maxLength: 3 }), { nil: undefined }),
      fc.array(path, { maxLength: 2 }),
      fc.option(pattern, { nil: undefined }),
      fc.boolean(),
      (patterns, name, paths, grants, guarded, named) => {
        const given = paths && (named ? [...paths, name] : paths);
        const scope = compileScope({ patterns, grants, protect: guarded === undefined ? [] : [guarded], ...(given && { paths: given }) }); // prettier-ignore
        const lower = (text: string) => text.toLowerCase();
        const shut = guarded !== undefined && matches(lower(guarded), lower(name));
        const inScope = patterns.some((one) => matches(one, name));
        const expected = inScope && (given?.includes(name) ?? true) && (grants.includes(name) || !shut);
        expect([patterns, name, scope.check(name).allowed]).toEqual([patterns, name, expected]);
      },
    ),
  ],
  [
    'allows nothing that a file system would find elsewhere',
    fc.property(anyPath, (name) => {
      const inside = resolve('/r', name).startsWith('/r/docs/') && !name.startsWith('/');
      expect([name, inside || !compileScope({ patterns: ['docs/**'] }).check(name).allowed]).toEqual([name, true]);
    }),
  ],
  [
    'and the gate agree on what is a good path',
    fc.property(anyPath, (name) => {
      const deep = name.split('/').length > 64; // the gate leaves depth to the scope
      expect([name, isPlainPath(Buffer.from(name)) && !deep]).toEqual([name, validatePath(name) === undefined]);
    }),
  ],
  [
    'and the gate read every pattern alike',
    fc.property(joined(fc.oneof(segment, fc.constantFrom('{a,b}', 'a{b,-}'))), path, (glob, name) => {
      const scope = compileScope({ patterns: [glob] });
      expect([glob, name, scope.check(name).allowed]).toEqual([glob, name, isCovered(scope.patterns, name)]);
    }),
  ],
];
