import assert from 'node:assert/strict';
import { it } from 'node:test';
import { julianDay } from '../src/sky.js';

it('the Julian day began at noon', () => {
  assert.equal(julianDay(new Date('2000-01-01T12:00:00Z')), 2_451_545);
});
