import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';

// The planetarium prints this page on its tickets, letter by letter. Tell them before it changes, then renew the hash.
const PRINTED = 'dbe3bc77063ba515d3d0a14691a04711848eeabb1d3d3dc65e3a1de1d20d72f1';

it('the glossary is the page that the planetarium prints', () => {
  const page = readFileSync(new URL('../docs/glossary.md', import.meta.url), 'utf8');
  assert.equal(createHash('sha256').update(page).digest('hex'), PRINTED, 'the glossary is no longer what is printed');
});
