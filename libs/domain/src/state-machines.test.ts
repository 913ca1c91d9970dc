import { describe, it } from '@jest/globals';
import { STATE_MACHINES } from './state-machines.fixture.js';

/** 100,000 of each in `npm run test:faults`. */
const QUICK = 500;

describe('whatever is wanted of it, in whatever order', () => {
  it.each(Object.keys(STATE_MACHINES) as (keyof typeof STATE_MACHINES)[])('the rules of a %s hold', (name) =>
    STATE_MACHINES[name](QUICK),
  );
});
