import { describe, expect, it } from '@jest/globals';
import { countTests } from './count-tests.js';

const SAMPLES: readonly [string, string, readonly [string, number, number, number]][] = [
  [
    'jest',
    'PASS a.test.js\n\nTest Suites: 1 failed, 1 passed, 2 total\nTests:       2 failed, 1 skipped, 3 todo, 12 passed, 18 total\nSnapshots:   0 total\nTime:        1.2 s\n',
    ['jest', 12, 2, 4],
  ],
  ['jest, all passed', 'Test Suites: 1 passed, 1 total\nTests:       5 passed, 5 total\n', ['jest', 5, 0, 0]],
  ['jest, two projects', 'Tests:       5 passed, 5 total\n> next\nTests:       1 failed, 1 total\n', ['jest', 5, 1, 0]],
  [
    'vitest',
    ' ✓ src/a.test.ts (3 tests) 5ms\n\n Test Files  1 failed | 1 passed (2)\n      Tests  1 failed | 3 passed | 2 skipped | 1 todo (7)\n   Start at  10:00:00\n',
    ['vitest', 3, 1, 3],
  ],
  ['mocha', '  things\n    ✔ works\n\n  12 passing (34ms)\n  2 pending\n  1 failing\n', ['mocha', 12, 1, 2]],
  ['mocha, all passed', '  1 passing (2s)\n', ['mocha', 1, 0, 0]],
  [
    'node:test as TAP',
    '1..3\n# tests 6\n# suites 0\n# pass 2\n# fail 1\n# cancelled 1\n# skipped 1\n# todo 1\n# duration_ms 55.1\n',
    ['node:test', 2, 2, 2],
  ],
  [
    'node:test as spec',
    '✔ a (1ms)\nℹ tests 4\nℹ suites 1\nℹ pass 4\nℹ fail 0\nℹ cancelled 0\nℹ skipped 0\nℹ todo 0\nℹ duration_ms 40\n',
    ['node:test', 4, 0, 0],
  ],
  [
    'pytest',
    '========= short test summary info =========\nFAILED a.py::b\n=== 1 failed, 8 passed, 2 skipped, 1 xfailed, 1 error in 0.12s ===\n',
    ['pytest', 8, 2, 3],
  ],
  ['pytest -q', '...s\n3 passed, 1 skipped in 0.01s\n', ['pytest', 3, 0, 1]],
  [
    'pytest with warnings and minutes',
    '===== 120 passed, 4 warnings in 75.31s (0:01:15) =====\n',
    ['pytest', 120, 0, 0],
  ],
  [
    'cargo',
    'running 3 tests\ntest a ... ok\ntest result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\n   Doc-tests x\ntest result: ok. 1 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out\n',
    ['cargo', 3, 1, 2],
  ],
  [
    'go test -v',
    '=== RUN   TestA\n--- PASS: TestA (0.00s)\n    --- PASS: TestA/sub (0.00s)\n--- SKIP: TestB (0.00s)\n--- FAIL: TestC (0.00s)\nFAIL\nFAIL\texample.com/x\t0.003s\n',
    ['go test', 2, 1, 1],
  ],
];

describe('the tests that ran', () => {
  it.each(SAMPLES)('are counted for %s', (_, output, [runner, passed, failed, skipped]) =>
    expect(countTests(output)).toEqual({ runner, passed, failed, skipped }),
  );

  it.each([
    ['nothing', ''],
    ['a linter', '✖ 3 problems (1 error, 2 warnings)\n'],
    ['go test without -v', 'ok  \texample.com/x\t0.003s\n'],
    ['prose', 'All 5 tests passed in total.\n'],
  ])('are not counted, rather than taken for none, for %s', (_, output) => expect(countTests(output)).toBeUndefined());
});
