import { describe, it } from '@jest/globals';
import * as fc from 'fast-check';
import { SCOPE_PROPERTIES } from '../../attacks/scope-properties.js';

const CASES = 100_000;

describe(`a scope, with ${CASES} cases`, () => {
  it.each(SCOPE_PROPERTIES)('%s', (_, property) => fc.assert(property, { numRuns: CASES }), 600_000);
});
