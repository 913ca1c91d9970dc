import { describe, it } from '@jest/globals';
import { ALL_WAYS, surviveMisbehaviour } from './misbehaviour.js';

/** The others take longer, and are in test/faults/long. */
const QUICK = [
  ...['acp-works', 'command-works', 'acp-does-nothing', 'command-does-nothing', 'acp-hangs', 'acp-never-answers'],
  ...['command-loops-at-full-speed', 'acp-crashes', 'command-kills-itself', 'command-is-a-daemon', 'command-forks'],
  ...['acp-writes-elsewhere', 'acp-loops-through-its-tools', 'acp-insists', 'acp-asks', 'acp-prints-no-messages'],
];

describe('agents that misbehave', () => {
  it(
    `end as they have to, each of ${QUICK.length}, and leave nothing behind`,
    () => surviveMisbehaviour([ALL_WAYS.filter(({ name }) => QUICK.includes(name))]),
    120_000,
  );
});
