import { describe, expect, it } from '@jest/globals';
import { compileScope, validatePath } from './index.js';

const allows = (patterns: readonly string[], path: string) => compileScope({ patterns }).check(path).allowed;
const ruleOf = (patterns: readonly string[], path: string) => {
  const decision = compileScope({ patterns }).check(path);
  return decision.allowed ? 'allowed' : decision.rule;
};

describe('a pattern', () => {
  it.each([
    ['docs/**', 'docs/a.md'],
    ['docs/**', 'docs/deep/er/a.md'],
    ['docs/**', 'docs/.hidden'],
    ['docs/', 'docs/a.md'],
    ['**/*.md', 'a.md'],
    ['src/**/*.md', 'src/a.md'],
    ['src/*.{js,ts}', 'src/a.ts'],
    ['app/[id]/(group)/p?ge.md', 'app/[id]/(group)/page.md'],
    ['README.md', 'README.md'],
    ['**', 'src/deep/a.js'],
  ])('%j covers %j', (pattern, path) => expect(allows([pattern], path)).toBe(true));

  it.each([
    ['docs/**', 'docs'],
    ['docs', 'docs/a.md'],
    ['docs/**', 'docs-evil/a.md'],
    ['docs/**', 'Docs/a.md'],
    ['docs/*', 'docs/deep/a.md'],
    ['src/*.{js,ts}', 'src/a.tsx'],
    ['app/[id]/page.md', 'app/i/page.md'],
    ['docs/**', 'src/docs/a.md'],
    ['README.md', 'docs/README.md'],
  ])('%j does not cover %j', (pattern, path) => expect(ruleOf([pattern], path)).toBe('outside-scope'));

  it.each([
    '',
    '/',
    '!src/**',
    '/etc/**',
    'C:/x',
    '../x',
    'docs/../src',
    './docs',
    'docs//x',
    'docs\\x',
    'docs/\0/x',
    'a**b',
    'docs/\u202Ex',
    '**/**/**/**/**/x',
    '*a*b*c*d',
    '{a}',
    '{a,b',
    'a}',
    '{a,{b,c}}',
    '{a/b,c}',
    '{.,.}./x',
    'cafe\u0301/**',
    '{1..9}',
    '\uD800',
  ])('%j is refused by name', (pattern) => {
    expect(() => compileScope({ patterns: [pattern] })).toThrow(
      expect.objectContaining({ code: 'scope.invalid-pattern', details: { pattern } }),
    );
  });

  it('is needed', () =>
    expect(() => compileScope({ patterns: [] })).toThrow(expect.objectContaining({ code: 'scope.invalid-pattern' })));
});

describe('a path', () => {
  it.each([
    ['docs/../src/x', 'path.dot-segment'],
    ['/etc/passwd', 'path.absolute'],
    ['docs/\0/../x', 'path.control-character'],
    ['docs/a\nb', 'path.control-character'],
    ['docs/a\u009Bb', 'path.control-character'],
    ['docs/a\u202Eb', 'path.invisible-character'],
    ['docs/a\u200Bb', 'path.invisible-character'],
    ['docs\\..\\src', 'path.backslash'],
    ['docs//a', 'path.empty-segment'],
    ['docs/', 'path.empty-segment'],
    ['docs/.', 'path.dot-segment'],
    ['docs/\uFF0E\uFF0E/x', 'path.dot-segment'],
    ['docs\uFF0Fx', 'path.separator-in-disguise'],
    ['cafe\u0301/x', 'path.not-normalised'],
    ['docs/.git/config', 'path.git-directory'],
    ['docs/.GIT/config', 'path.git-directory'],
    ['docs/.g\u200Cit/config', 'path.invisible-character'],
    ['docs/.git./config', 'path.git-directory'],
    ['docs/GIT~1/config', 'path.git-directory'],
    ['docs/.git::$INDEX_ALLOCATION/x', 'path.colon'],
    ['docs/.GitHub/x', 'path.git-in-disguise'],
    ['docs/\uFF0Egit/x', 'path.git-directory'],
    ['.gitmodules', 'path.git-modules'],
    ['docs/GI7EBA~1', 'path.git-modules'],
    ['C:/x', 'path.colon'],
    ['docs/x.', 'path.trailing-dot-or-space'],
    ['docs/x ', 'path.trailing-dot-or-space'],
    ['docs/\uD800', 'path.not-utf8'],
    ['docs/\uFFFD', 'path.not-utf8'],
    [`docs/${'x'.repeat(256)}`, 'path.too-long'],
    [`docs/${'x/'.repeat(600)}y`, 'path.too-long'],
    [`docs/${'x/'.repeat(70)}y`, 'path.too-deep'],
    ['', 'path.empty'],
  ])('%j is refused as %s, whatever the scope', (path, rule) => expect(ruleOf(['**'], path)).toBe(rule));

  it.each([
    'docs/a b.md',
    'docs/café.md',
    'docs/日本語.md',
    '-D',
    `docs/${'x'.repeat(255)}`,
    'docs/..x',
    'docs/x..y',
    '@{x}',
    '(top)src',
    'a&b;c|d',
  ])('%j is a good one', (path) => expect(validatePath(path)).toBeUndefined());
});

describe('what is protected', () => {
  it.each([
    ['.github/workflows/ci.yml', 'git'],
    ['docs/.gitattributes', 'git'],
    ['.claude/settings.json', 'agent-configuration'],
    ['docs/AGENTS.md', 'agent-configuration'],
    ['.mcp.json', 'agent-configuration'],
    ['packages/a/Package.JSON', 'package-manifest'],
    ['package-lock.json', 'lockfile'],
    ['vitest.config.ts', 'verifier'],
    ['tests/conftest.py', 'verifier'],
    ['Makefile', 'verifier'],
    ['.hyper-run.json', 'verifier'],
    ['.env.local', 'environment'],
    ['.npmrc', 'environment'],
    ['.husky/pre-commit', 'hooks'],
  ])('%j stays closed in any scope (%s) and opens by an exact grant', (path, what) => {
    expect(ruleOf(['**'], path)).toBe(`protected.${what}`);
    expect(compileScope({ patterns: ['**'], grants: [path] }).check(path).allowed).toBe(true);
    expect(compileScope({ patterns: ['**'], grants: [`x/${path}`] }).check(path).allowed).toBe(false);
    expect(compileScope({ patterns: ['elsewhere/**'], grants: [path] }).check(path).allowed).toBe(false);
  });

  it.each([
    'docs/package.md',
    'docs/environment.md',
    'src/git.js',
    'tests/a.test.js',
    'docs/makefile.md',
    'docs/github/x.md',
  ])('%j is not', (path) => expect(allows(['**'], path)).toBe(true));

  it('includes what the repository names', () => {
    const scope = compileScope({ patterns: ['docs/**'], protect: ['docs/Legal/**'] });
    expect(scope.check('docs/LEGAL/terms.md')).toMatchObject({ allowed: false, rule: 'protected.configured' });
    expect(scope.check('docs/other.md').allowed).toBe(true);
  });

  it('cannot be lifted for a git directory or .gitmodules', () => {
    expect(() => compileScope({ patterns: ['**'], grants: ['.git/config'] })).toThrow(
      expect.objectContaining({ code: 'scope.invalid-path' }),
    );
    expect(() => compileScope({ patterns: ['**'], grants: ['.gitmodules'] })).toThrow(
      expect.objectContaining({ code: 'scope.invalid-path' }),
    );
  });
});

describe('the paths of a task', () => {
  const scope = compileScope({ patterns: ['docs/**'], paths: ['docs/a.md', 'src/b.md', 'docs/[x]*.md'] });
  it('narrow the scope', () => expect(scope.check('docs/c.md')).toMatchObject({ rule: 'outside-task' }));
  it('never widen it', () => expect(scope.check('src/b.md')).toMatchObject({ rule: 'outside-scope' }));
  it('are literal', () => {
    expect(scope.check('docs/[x]*.md').allowed).toBe(true);
    expect(scope.check('docs/xx.md').allowed).toBe(false);
    expect(scope.check('docs/a.md').allowed).toBe(true);
  });
});
