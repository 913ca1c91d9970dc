import { describe, expect, it } from '@jest/globals';
import type { AgentId, RepositoryId, StreamName, TaskId, Version } from '#contracts';
import { copyWorld, event, evolveWorld, newWorld } from '#domain';
import { claimed, queued } from '../../libs/domain/src/plan.fixture.js';
import { worldOf } from '../../libs/domain/src/world.fixture.js';
import { Checkpoints } from './checkpoints.js';

const registered = event('agent.registered', {
  agentId: 'links-1' as AgentId,
  kind: 'links',
  name: 'Links 1',
  role: 'Repairs links',
});

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

  it('stay as they were while tasks are queued, claimed and ended', () => {
    const agent = ['agent-links-1', registered] as const;
    const begun = ['task-t-1', queued] as const;
    const world = worldOf(agent, begun);
    const then = copyWorld(world);
    for (const [index, one] of [claimed(), event('task.cancelled', { reason: 'enough' })].entries()) {
      const place = { stream: 'task-t-1' as StreamName, version: (2 + index) as Version, position: 3 + index };
      evolveWorld(world, { ...one, ...place, taskId: 't-1' as TaskId, time: 3000 + index, actor: 'person:ada' });
    }
    expect(then).toEqual(worldOf(agent, begun));
    expect([world.board.titles.size, world.board.holders.size, world.records.open.size]).toEqual([0, 0, 0]);
    const { board } = worldOf(agent, begun, ['task-t-1', event('task.cancelled', { reason: 'enough' })]);
    expect(board.titles.size).toBe(0);
  });
});
