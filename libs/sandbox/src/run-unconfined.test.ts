import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runUnconfined } from './run-unconfined.js';

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'hyper-run-unconfined-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));
const run = (command: string, timeoutMs = 10_000) => runUnconfined({ command, directory, timeoutMs });

describe('a command without a sandbox', () => {
  it('runs in its directory and gives its exit code and output', async () => {
    const result = await run('pwd; echo err > /dev/stderr; exit 4');
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 4 });
    expect(result.output.toString()).toBe(`${directory}\nerr\n`);
  });

  it('has a home of its own, which is gone afterwards, and no variable of ours', async () => {
    process.env['HYPER_RUN_TEST_SECRET'] = 'secret';
    const result = await run('echo x > ~/x; echo $HOME; echo $HYPER_RUN_TEST_SECRET');
    delete process.env['HYPER_RUN_TEST_SECRET'];
    const home = result.output.toString().trim();
    expect(home).toMatch(/^\/.*hyper-run-home-\w+$/);
    await expect(access(home)).rejects.toThrow('ENOENT');
  });

  it('ends with its time, and its group with it', async () => {
    const result = await run('trap "" TERM; sleep 30 & wait', 300);
    expect(result).toMatchObject({ outcome: 'timed-out', exitCode: null, signal: 'SIGKILL' });
  });

  it('does not keep us waiting with a process that holds its output open', async () => {
    const result = await run('sleep 30 & echo done');
    expect(result.output.toString()).toBe('done\n');
    expect(result.durationMs).toBeLessThan(5_000);
  });

  it('that is not there could not start in its directory', async () => {
    await rm(directory, { recursive: true });
    expect(await run('true')).toMatchObject({ outcome: 'could-not-start', exitCode: null });
  });
});
