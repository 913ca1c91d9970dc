import { describe, it } from '@jest/globals';
import * as fc from 'fast-check';
import { SCOPE_PROPERTIES } from './scope-properties.js';

/** The same with 100,000 cases each: `npm run test:faults`. */
describe('a scope', () => {
  it.each(SCOPE_PROPERTIES)('%s', (_, property) => fc.assert(property, { numRuns: 3000 }));
});
