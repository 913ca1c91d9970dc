import base from './jest.config.js';

/** The whole ladder of faults, also what takes too long for every day: `npm run test:faults`. */
export default {
  ...base,
  roots: ['<rootDir>/test/faults'],
  testPathIgnorePatterns: ['/node_modules/'],
  verbose: true,
};
