import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { removeTree } from './remove-tree.js';

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hyper-run-remove-'));
  folder = join(root, 'checkout');
  mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Two steps of 2,200 bytes each: more than a path may have. */
const NEST = `mkdir -p ${'a/'.repeat(1100)} && cd ${'a/'.repeat(1100)} && mkdir -p ${'a/'.repeat(1100)}`;

describe('removing a folder in which commands ran', () => {
  it('removes folders nested deeper than a path may be long', async () => {
    execFileSync('sh', ['-c', NEST], { cwd: folder });
    await removeTree(folder);
    expect(existsSync(folder)).toBe(false);
  });

  it('removes a folder that is closed to its owner', async () => {
    mkdirSync(join(folder, 'closed'));
    writeFileSync(join(folder, 'closed', 'file'), '');
    chmodSync(join(folder, 'closed'), 0o000);
    await removeTree(folder);
    expect(existsSync(folder)).toBe(false);
  });

  it('leaves alone what a link in it leads to, also on the long way', async () => {
    const outside = join(root, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'kept'), '');
    symlinkSync(outside, join(folder, 'link'));
    execFileSync('sh', ['-c', NEST], { cwd: folder });
    await removeTree(folder);
    expect([existsSync(folder), existsSync(join(outside, 'kept'))]).toEqual([false, true]);
  });

  it('takes a folder that is not there for removed', async () => {
    await expect(removeTree(join(root, 'absent'))).resolves.toBeUndefined();
  });
});
