import base from './jest.config.js';

/** Coding agents of other people, installed on demand: `npm run test:agents`. */
export default {
  ...base,
  roots: ['<rootDir>/test/real-agents'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 300_000,
  verbose: true,
};
