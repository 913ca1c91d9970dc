import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readLedger } from '../src/ledger.js';
import { brightest, faintest, nights } from '../src/report.js';

const defaults = { count: 1 };
const first = (options) => ({ ...defaults, ...(options || {}) });

const ledger = `# a quiet weekend
2024-08-12T21:40Z  Perseids  mag -1.5  Norwich
2024-08-12T22:05Z  M31  mag 3.4  Norwich
2024-08-13T01:10Z  M13  mag 5.8  Norwich
2024-08-13T22:00Z  Vega  mag 0.0  Cromer
not a line
`;

describe('a report', () => {
  const { sightings, refused } = readLedger(ledger);

  it('begins with the brightest', () => {
    assert.equal(brightest(sightings, first().count)[0], '2024-08-12T21:40Z  Perseids  -1.5  Norwich');
  });

  it('begins with the faintest when asked to', () => {
    assert.deepEqual(faintest(sightings, 1), ['2024-08-13T01:10Z  M13  5.8  Norwich']);
  });

  it('counts a night from noon to noon', () => {
    assert.deepEqual(nights(sightings), ['2024-08-12  3', '2024-08-13  1']);
  });

  it('names the line that it could not read', () => {
    assert.deepEqual(refused.map(({ number }) => number), [6]);
  });
});
