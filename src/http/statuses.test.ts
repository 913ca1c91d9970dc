import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor } from '#contracts';
import { statusOf } from './statuses.js';

const ROW = /^\| `([a-z]+\.[a-z-]+)` +\| (\d{3}) +\| (\S+?):? /gm;
const ACTORS: Readonly<Record<string, Actor>> = { caller: 'caller', anyone: 'retry', operator: 'operator' };
/** An error is made by its class, or by the deciders' own `refuse`. */
const MADE = /\b(?:HyperRunError|refuse)\(\s*'([a-z]+\.[a-z-]+)'/g;

const sources = async (folder: string): Promise<string[]> => {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => /(?<!\.test|\.fixture)\.ts$/.test(name)).map((name) => join(folder, name));
};

describe('docs/errors.md', () => {
  let text: string;
  beforeAll(async () => {
    text = await readFile('docs/errors.md', 'utf8');
  });
  const documented = () =>
    [...text.matchAll(ROW)].map(([line, code = '', status, who = '']) => ({ line, code, status, who }));

  it('lists every code that the service and its libraries throw', async () => {
    const files = [...(await sources('src')), ...(await sources('libs'))];
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    const thrown = new Set(texts.flatMap((source) => [...source.matchAll(MADE)].map(([, code = '']) => code)));
    expect(thrown.size).toBeGreaterThan(50);
    const known = new Set(documented().map(({ code }) => code));
    expect([...thrown].filter((code) => !known.has(code))).toEqual([]);
  });

  it('tells of each the status it is answered with', () => {
    for (const { line, code, status, who } of documented()) {
      const actor = line.includes('same command') ? 'same-command' : ACTORS[who];
      expect(`${code} ${status} ${who}`).toBe(`${code} ${actor && statusOf(code, actor)} ${who}`);
    }
  });
});
