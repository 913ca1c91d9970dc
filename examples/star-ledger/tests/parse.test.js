import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseLine } from '../src/parse.js';

describe('a line of a ledger', () => {
  it('holds time, object, magnitude and place', () => {
    const sighting = parseLine('2024-08-12T22:05Z  M31  mag 3.4  Norwich');
    assert.equal(sighting.object, 'M31');
    assert.equal(sighting.magnitude, 3.4);
    assert.equal(sighting.place, 'Norwich');
    assert.equal(sighting.time.toISOString(), '2024-08-12T22:05:00.000Z');
  });

  it('may end with a remark', () => {
    const sighting = parseLine('2024-08-12T21:40Z  Perseids  mag -1.5  Norwich  "left a \\"trail\\""');
    assert.match(sighting.remark, /trail/);
  });

  // A day that does not exist must not roll over silently to the succesful parse of another.
  it('is refused when its day does not exist', () => {
    assert.throws(() => parseLine('2024-02-30T22:05Z  M31  mag 3.4  Norwich', 7), /line 7: .*is not a time/);
  });

  it('is refused when the magnitude is out of range', () => {
    assert.throws(() => parseLine('2024-08-12T22:05Z  M31  mag 300  Norwich'), /is not a magnitude/);
  });

  it('is refused when a field is missing', () => {
    assert.throws(() => parseLine('2024-08-12T22:05Z  M31'), { message: 'line 1: expected 4 fields, found 2' });
  });
});
