import { describe, it } from '@jest/globals';
import { STATE_MACHINES } from '../../../libs/domain/src/state-machines.fixture.js';

const RUNS = 100_000;

describe(`whatever is wanted of it, in ${RUNS} random histories`, () => {
  it.each(Object.keys(STATE_MACHINES) as (keyof typeof STATE_MACHINES)[])(
    'the rules of a %s hold',
    (name) => STATE_MACHINES[name](RUNS),
    1_200_000,
  );
});
