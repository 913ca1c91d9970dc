import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';

// The planetarium prints these two entries on its tickets, letter by letter: tell them before they change.
const PRINTED = [
  '**Seeing.** How calm the air is. Good seeing can seperate two close stars that are one on other nights.',
  '**Ephemeris.** A table that says where an object will be.',
];

it('the entries that the planetarium prints have not changed', () => {
  const page = readFileSync(new URL('../docs/glossary.md', import.meta.url), 'utf8');
  for (const entry of PRINTED) assert.ok(page.includes(entry), `no longer on the page: ${entry}`);
});
