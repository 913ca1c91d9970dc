import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { bwrap } from './bwrap.fixture.js';
import { detectIsolation } from './detect-isolation.js';

/** A program that calls itself bubblewrap, skips the options and runs the command as it is. */
const PRETENDER = `#!/bin/sh
while [ "$1" != -- ]; do [ "$1" = --setenv ] && export "$2=$3"; shift; done
shift
cd "$(dirname "$0")"
exec sh -c 'exec sh -c "$SELF_TEST_COMMAND"' </dev/null
`;

describe('the isolation of this machine', () => {
  it('is none without bubblewrap', async () => {
    expect(await detectIsolation({})).toMatchObject({ level: 'none', why: expect.stringContaining('not found') });
  });

  it('is none when the program does nothing', async () => {
    const report = await detectIsolation({ bwrap: { path: '/bin/true', env: {} } });
    expect(report.level).toBe('none');
    expect(report.bwrap).toBeUndefined();
  });

  it('is none when the program runs commands without confining them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hyper-run-pretender-'));
    try {
      const path = join(folder, 'bwrap');
      await writeFile(path, PRETENDER);
      await chmod(path, 0o755);
      expect(await detectIsolation({ bwrap: { path, env: {} } })).toMatchObject({ level: 'none' });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  (bwrap ? it : it.skip)('is an overlay and bubblewrap where both confine', async () => {
    const report = await detectIsolation({ bwrap });
    expect(report).toMatchObject({
      level: 'overlay+bwrap',
      overlay: {},
      why: expect.stringContaining('passed its self test'),
    });
    expect(report.bwrap?.features.user).toBe(process.getuid?.() === 0 ? 'another' : 'namespace');
  });
});
