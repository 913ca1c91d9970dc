import { readdirSync } from 'node:fs';

/** Ours alone: packages have imports of their own that begin with #. */
const libs = readdirSync(new URL('./libs', import.meta.url)).join('|');

/** One test per behaviour, against the real thing: Redis, git, bubblewrap. ES modules through SWC. */
export default {
  testEnvironment: 'node',
  injectGlobals: false,
  roots: ['<rootDir>/src', '<rootDir>/libs', '<rootDir>/cli', '<rootDir>/web/src', '<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/test/faults/long/', '/test/real-agents/', '/test/soak/'],
  globalSetup: '<rootDir>/test/harness/tools.mjs',
  globalTeardown: '<rootDir>/test/harness/remove-tools.mjs',
  testTimeout: 60_000,
  // On two cores: much of the time they wait for a process to start, a lease to end, a page to be painted.
  maxWorkers: 3,
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { [`^#(${libs})$`]: '<rootDir>/libs/$1/src/index.ts', '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          keepClassNames: true,
        },
        module: { type: 'es6' },
      },
    ],
  },
};
