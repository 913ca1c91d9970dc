import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { eventSchemas } from './events.js';

describe('docs/events.md', () => {
  it('has one line for every event, and none for others', async () => {
    const page = await readFile('docs/events.md', 'utf8');
    const named = [...page.matchAll(/^\| `([a-z.-]+)` \| /gm)].map(([, name]) => name);
    expect(new Set(named)).toEqual(new Set(Object.keys(eventSchemas)));
    expect(named).toHaveLength(Object.keys(eventSchemas).length);
  });
});
