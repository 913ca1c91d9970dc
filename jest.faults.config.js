import base from './jest.config.js';

/** What takes too long for every day: `npm run test:faults`. */
export default {
  ...base,
  roots: ['<rootDir>/test/faults/long'],
  testPathIgnorePatterns: ['/node_modules/'],
  verbose: true,
};
