import base from './jest.config.js';

/** Load and faults for as long as one likes: `npm run test:soak -- 30`. */
export default {
  ...base,
  roots: ['<rootDir>/test/soak'],
  testPathIgnorePatterns: ['/node_modules/'],
  verbose: true,
};
