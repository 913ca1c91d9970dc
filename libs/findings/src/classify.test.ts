import { describe, expect, it } from '@jest/globals';
import { isTestPath } from './classify.js';

describe('what judges other files', () => {
  it.each(['tests/a.js', 'a/__tests__/b.ts', 'src/a.test.ts', 'src/a.spec.js', 'pkg/a_test.go', 'test_a.py', 'a/b.test.ts.snap', 'a/__snapshots__/b.json'])('is %s', (path) => expect(isTestPath(path)).toBe(true)); // prettier-ignore
  it.each(['src/a.ts', 'docs/testing.md', 'src/attest.ts', 'latest/a.js', 'src/contest.go'])('is not %s', (path) => expect(isTestPath(path)).toBe(false)); // prettier-ignore
});
