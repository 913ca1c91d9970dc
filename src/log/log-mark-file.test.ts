import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Position } from '#contracts';
import { LogMarkFile } from './log-mark-file.js';

describe('the mark of how far the log has got', () => {
  let folder: string;
  const trouble: unknown[] = [];
  const file = () => new LogMarkFile(folder, (error) => trouble.push(error));
  const mark = (position: number, incarnation = 'aa11') => ({ incarnation, position: position as Position });
  const written = async (...marks: ReturnType<typeof mark>[]) => {
    const writer = file();
    for (const each of marks) writer.raise(each);
    await writer.close();
    return file().read();
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hyper-run-mark-'));
  });
  afterEach(async () => {
    expect(trouble.splice(0)).toEqual([]);
    await rm(folder, { recursive: true, force: true });
  });

  it('is not there before the first start, and then says what was raised last', async () => {
    expect(await file().read()).toBeUndefined();
    expect(await written(mark(3), mark(7))).toEqual(mark(7));
    expect(await readdir(folder)).toEqual(['log-mark.json']);
  });

  it('is never lowered by another process that has seen less, and follows the log into a new life', async () => {
    await written(mark(7));
    expect(await written(mark(5))).toEqual(mark(7));
    expect(await written(mark(2, 'bb22'))).toEqual(mark(2, 'bb22'));
  });

  it('is not lowered by what is acknowledged again in the same second', async () => {
    expect(await written(mark(3), mark(7), mark(2))).toEqual(mark(7));
    expect(await written(mark(9), mark(4, 'bb22'), mark(5, 'bb22'))).toEqual(mark(5, 'bb22'));
  });

  it.each(['', '{}', '{"incarnation":"aa11","position":-1}', 'nonsense'])('is not guessed from %j', async (text) => {
    await writeFile(join(folder, 'log-mark.json'), text);
    await expect(file().read()).rejects.toMatchObject({ code: 'log.mark-unreadable', actor: 'operator' });
  });
});
