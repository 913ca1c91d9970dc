import base from './jest.config.js';

/** What takes too long for every day: the service killed fifty times. */
export default {
  ...base,
  roots: ['<rootDir>/test/faults/long'],
  testPathIgnorePatterns: ['/node_modules/'],
  verbose: true,
};
