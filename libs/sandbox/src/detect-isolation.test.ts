import { describe, expect, it } from '@jest/globals';
import { detectIsolation } from './detect-isolation.js';

describe('the isolation of this machine', () => {
  it('is none without bubblewrap', async () => {
    expect(await detectIsolation({})).toMatchObject({ level: 'none' });
  });
  it('is none when the program does not confine', async () => {
    const report = await detectIsolation({ bwrap: { path: '/bin/true', env: {} } });
    expect(report.level).toBe('none');
  });
  it('is bwrap where bubblewrap works', async () => {
    const report = await detectIsolation({ bwrap: { path: '/usr/bin/bwrap', env: {} } });
    expect(report).toMatchObject({ level: 'bwrap' });
  });
});
