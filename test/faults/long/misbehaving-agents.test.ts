import { describe, expect, it } from '@jest/globals';
import { ALL_WAYS, surviveMisbehaviour } from '../misbehaviour.js';

const AGENTS = 200;
/** As many as one plan may have. */
const AT_ONCE = 50;

describe(`${AGENTS} agents that hang, loop, crash, fork, flood, daemonise, do nothing or ask`, () => {
  it('end as they have to, and leave nothing behind', async () => {
    const all = Array.from({ length: AGENTS }, (_, index) => ALL_WAYS[index % ALL_WAYS.length]).flatMap(
      (one) => one ?? [],
    );
    expect(all).toHaveLength(AGENTS);
    await surviveMisbehaviour(
      Array.from({ length: AGENTS / AT_ONCE }, (_, sprint) => all.slice(sprint * AT_ONCE, (sprint + 1) * AT_ONCE)),
    );
  }, 1_800_000);
});
