import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { halfWritten } from './half-written.js';

describe('what a process that was killed left half written', () => {
  let root: string;
  let place: { data: string; cache: string };
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'hyper-run-half-'));
    place = { data: join(root, 'data'), cache: join(root, 'cache') };
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const HOURS_AGO = new Date(Date.now() - 2 * 3_600_000);
  const left = async (path: string, touched?: Date) => {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, '');
    if (touched !== undefined) await utimes(file, touched, touched);
    return file;
  };
  const sha = 'a'.repeat(64);

  it.each([
    ['an archive', `data/archive/${randomUUID()}.draft`],
    ['what is known of a base', `data/bases/${'a'.repeat(64)}.json.${randomUUID()}`],
    ['the mark of the log', 'data/log-mark.json.4711'],
    ['an artefact', `data/artifacts/aa/${sha}.${randomUUID()}`],
    ['a checkout', `cache/checkouts/r-1/draft-${randomUUID()}`],
    ['the outcome of a set-up', `cache/setup/r-1/${sha}.0123abcd`],
  ])('is found once it is old: %s', async (_, path) => {
    const old = await left(path, HOURS_AGO);
    await left(path.replace(/.$/, (last) => (last === 'f' ? 'e' : 'f')));
    expect(await halfWritten(place)).toEqual([old]);
  });
  it('is found at once in a data directory that nobody works on, and in the cache, which others may use, once it is old', async () => {
    const young = await left(`data/artifacts/aa/${sha}.${randomUUID()}`);
    await left(`cache/setup/r-1/${sha}.0123abcd`);
    expect(await halfWritten(place, { abandoned: true })).toEqual([young]);
    expect(await halfWritten(place)).toEqual([]);
  });
  it('is nothing that is whole, however old it is, and nothing where there is nothing', async () => {
    const whole = [
      `data/artifacts/aa/${sha}`,
      `data/archive/aa/${sha}.ndjson.gz`,
      `data/bases/${sha}.json`,
      'data/token',
    ];
    for (const path of [...whole, 'cache/checkouts/r-1/tree-own-boot', `cache/setup/r-1/${sha}`])
      await left(path, HOURS_AGO);
    expect(await halfWritten(place)).toEqual([]);
    expect(await halfWritten({ data: '/nowhere', cache: '/nowhere' })).toEqual([]);
  });
});
