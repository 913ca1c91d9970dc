import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { SCHEMA_VERSION } from '#contracts';
import { verifyExport } from '#seal';
import { eventsOf, replay } from './replay.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** One letter of what a record says is another one. */
const altered = (lines: readonly string[], index: number): string[] =>
  lines.map((line, at) => {
    if (at !== index) return line;
    const record = JSON.parse(line) as { header: string; data: string };
    const swap = (text: string) => text.replace(/[a-z]/, (letter) => (letter === 'a' ? 'b' : 'a'));
    const data = swap(record.data);
    return JSON.stringify(data === record.data ? { ...record, header: swap(record.header) } : { ...record, data });
  });

const streamOf = (line = '{}') => (JSON.parse(line) as { readonly stream?: string }).stream;

describe('logs that were recorded with each version of the schema, and are kept for ever', () => {
  const logs: { readonly name: string; readonly lines: readonly string[]; readonly state: object }[] = [];

  beforeAll(async () => {
    for (const folder of (await readdir(HERE)).filter((name) => name.startsWith('schema-')))
      for (const file of (await readdir(join(HERE, folder))).filter((name) => name.endsWith('.ndjson'))) {
        const text = await readFile(join(HERE, folder, file), 'utf8');
        const state = await readFile(join(HERE, folder, file.replace('.ndjson', '.state.json')), 'utf8');
        logs.push({ name: `${folder}/${file}`, lines: text.split('\n'), state: JSON.parse(state) as object });
      }
  });

  it('are there for every version, today’s too', async () => {
    const versions = Array.from({ length: SCHEMA_VERSION }, (_, index) => `schema-${index + 1}`);
    expect((await readdir(HERE)).filter((name) => name.startsWith('schema-')).toSorted()).toEqual(versions);
    for (const version of versions)
      expect(logs.filter(({ name }) => name.startsWith(version)).length).toBeGreaterThan(2);
  });

  it('are sound, and lead to the state that they led to then', async () => {
    for (const { name, lines, state } of logs) {
      expect([name, (await verifyExport(lines)).problems]).toEqual([name, []]);
      expect(replay(await eventsOf(lines))).toMatchObject(state);
    }
  });

  it('are refused with any record altered, left out, or in another place', async () => {
    for (const { name, lines } of logs) {
      const records = lines.flatMap((line, index) => (line.includes('"header"') ? [index] : []));
      expect(records.length).toBeGreaterThan(10);
      const isValid = async (changed: readonly string[]) => (await verifyExport(changed)).valid;
      for (const index of records) {
        expect([name, index, await isValid(altered(lines, index))]).toEqual([name, index, false]);
        expect([name, index, await isValid(lines.toSpliced(index, 1))]).toEqual([name, index, false]);
        const next = records.find((other) => other > index && streamOf(lines[other]) === streamOf(lines[index]));
        if (next === undefined) continue;
        const swapped = lines.with(index, lines[next] ?? '').with(next, lines[index] ?? '');
        expect([name, index, await isValid(swapped)]).toEqual([name, index, false]);
      }
      expect(await isValid(lines.slice(0, -2))).toBe(false);
    }
  });
});
