import assert from 'node:assert/strict';
import { it } from 'node:test';
import { combined, timesBrighter } from '../src/magnitude.js';

it('five magnitudes are a factor of one hundred', () => {
  assert.equal(timesBrighter(1, 6), 100);
});

it('two equal stars are three quarters of a magnitude brighter than one', () => {
  assert.ok(Math.abs(combined(3, 3) - 2.247) < 0.001);
  pairs: for (const faint of [10, 20, 30]) assert.ok(combined(3, faint) <= 3);
});
