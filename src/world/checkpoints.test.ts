import { describe, expect, it } from '@jest/globals';
import type { RepositoryId } from '#contracts';
import { newWorld } from '#domain';
import { Checkpoints } from './checkpoints.js';

const until = (checkpoints: Checkpoints, top: number, step = 1) => {
  const world = newWorld();
  for (let position = step; position <= top; position += step) {
    world.position = position;
    checkpoints.keep(world);
  }
  return world;
};

describe('worlds of the past', () => {
  it('are kept at intervals, and found by what comes after', () => {
    const checkpoints = new Checkpoints(10, 4);
    until(checkpoints, 35);
    expect(checkpoints.positions).toEqual([10, 20, 30]);
    expect([9, 10, 19, 20, 1000].map((position) => checkpoints.before(position).position)).toEqual([0, 10, 10, 20, 30]);
  });

  it('are kept after a batch, wherever that ends', () => {
    const checkpoints = new Checkpoints(10, 4);
    until(checkpoints, 36, 4);
    expect(checkpoints.positions).toEqual([12, 24, 36]);
  });

  it.each([100, 1000, 12_345])('are never too many, and never far apart, over a log of %d', (top) => {
    const checkpoints = new Checkpoints(10, 8);
    until(checkpoints, top);
    const { positions } = checkpoints;
    expect(positions.length).toBeLessThanOrEqual(8);
    const gaps = [...positions, top].map((position, index) => position - (positions[index - 1] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(Math.max(10, top / 4));
  });

  it('stay as they were while the world goes on', () => {
    const checkpoints = new Checkpoints(10, 4);
    const world = until(checkpoints, 10);
    world.repositories.set('r' as RepositoryId, { status: 'absent' });
    expect(checkpoints.before(10).repositories.size).toBe(0);
    expect(world.repositories.size).toBe(1);
  });
});
