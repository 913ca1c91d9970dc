import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StepResult } from '#contracts';
import { bwrap } from './bwrap.fixture.js';
import { verifyTree, type TreeToVerify } from './verify-tree.js';

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'hyper-run-verify-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

const command = (text: string) => ({ name: text.slice(0, 20), command: text, origin: 'a test' });
const verify = (commands: readonly string[], options: Partial<TreeToVerify> = {}) =>
  verifyTree({ directory, commands: commands.map(command), timeoutSeconds: 20, isolation: bwrap ? 'bwrap' : 'none', bwrap, ...options }); // prettier-ignore

describe.each([...(bwrap ? (['bwrap'] as const) : []), 'none' as const])(
  'a verification, isolation %s',
  (isolation) => {
    it('passes when every command does, and tells each of them as it ends', async () => {
      const told: string[] = [];
      const steps = await verify(['echo one > made', 'cat made'], { isolation, onStep: (step, output) => void told.push(`${step.outcome} ${String(output)}`) }); // prettier-ignore
      expect(steps.map(({ outcome }) => outcome)).toEqual(['passed', 'passed']);
      expect(told).toEqual(['passed ', 'passed one\n']);
      for (const step of steps) expect(StepResult.parse(step)).toEqual(step);
    });

    it('begins no command before it may', async () => {
      const told: string[] = [];
      const gate = async () => void told.push('may');
      await verify(['true', 'true'], { isolation, gate, onStep: ({ outcome }) => void told.push(outcome) });
      expect(told).toEqual(['may', 'passed', 'may', 'passed']);
      const over = () => Promise.reject(new Error('It was called off.'));
      await expect(verify(['touch begun'], { isolation, gate: over })).rejects.toThrow('called off');
      expect(await readdir(directory)).not.toContain('begun');
    });

    it('stops at the first that fails', async () => {
      const steps = await verify(['true', 'echo why; exit 2', 'true'], { isolation });
      expect(steps).toHaveLength(2);
      expect(steps[1]).toMatchObject({ outcome: 'failed', exitCode: 2, output: { tail: 'why\n', bytes: 4 } });
    });

    it.each(['no-such-program --version', './not-executable'])(
      'takes %s for a command that could not start',
      async (text) => {
        await writeFile(join(directory, 'not-executable'), 'text');
        expect(await verify([text], { isolation })).toMatchObject([{ outcome: 'could-not-start' }]);
      },
    );

    it('ends a command that takes too long', async () => {
      expect(await verify(['sleep 60'], { isolation, timeoutSeconds: 1 })).toMatchObject([
        { outcome: 'timed-out', exitCode: null },
      ]);
    });

    it('counts the tests and cleans the output', async () => {
      await writeFile(
        join(directory, 'a.test.mjs'),
        "import { test } from 'node:test'; test('a', () => {}); test.skip('b', () => {}); test('c', () => { console.log('\\x1b[31mred'); throw new Error('no'); });",
      );
      const [step] = await verify(['node --test'], { isolation });
      expect(step).toMatchObject({
        outcome: 'failed',
        tests: { runner: 'node:test', passed: 1, failed: 1, skipped: 1 },
      });
      expect(step?.output.tail).not.toContain('\x1b');
    });

    it('sees what the set-up made', async () => {
      const modules = join(directory, '..', `${directory.split('/').at(-1)}-modules`, 'node_modules');
      try {
        await (await import('node:fs/promises')).mkdir(join(modules, 'x'), { recursive: true });
        await writeFile(join(modules, 'x', 'index.js'), "module.exports = 'from x'");
        const readOnly = [{ host: modules, inside: '/repository/node_modules' }];
        const steps = await verify([`node -p "require('x')"`], { isolation, readOnly });
        expect(steps).toMatchObject([{ outcome: 'passed', output: { tail: 'from x\n' } }]);
      } finally {
        await rm(join(modules, '..'), { recursive: true, force: true });
      }
    });

    it('that is called off says so', async () => {
      const calledOff = new AbortController();
      const run = verify(['echo on; sleep 60'], {
        isolation,
        signal: calledOff.signal,
        onOutput: () => calledOff.abort(),
      });
      await expect(run).rejects.toThrow('aborted');
    });
  },
);

describe('a verification that is to be confined', () => {
  it('is refused where there is no sandbox', async () => {
    const run = verify(['echo x > made'], { isolation: 'bwrap', bwrap: undefined });
    await expect(run).rejects.toMatchObject({ code: 'sandbox.none', actor: 'operator' });
  });
});
