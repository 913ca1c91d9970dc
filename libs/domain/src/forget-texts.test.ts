import { describe, expect, it } from '@jest/globals';
import {
  REDACTED,
  redactEvent,
  type AgentId,
  type AnyEvent,
  type Recorded,
  type StreamName,
  type TaskId,
} from '#contracts';
import { event } from './decider.js';
import { forgetTexts } from './forget-texts.js';
import { claimed, proposed, queued, requested } from './plan.fixture.js';
import { worldOf, type Happened } from './world.fixture.js';

const agent = event('agent.registered', { agentId: 'links-1' as AgentId, kind: 'links', name: 'Links', role: 'Mends' });
const blocked = event('task.blocked', { attempt: 1, kind: 'question', reason: 'The agent asks: is it swordfish?' });
const alert = (alertId: string, text: string) =>
  event('alert.raised', { alertId, severity: 'warning', kind: 'task-blocked', text });
const rejected = event('sprint.plan-rejected', { reason: 'It names swordfish.' });
const STORY: readonly Happened[] = [
  ['agent-links-1', agent],
  ['sprint-s-1', requested],
  ['sprint-s-1', proposed],
  ['task-t-1', queued],
  ['task-t-1', claimed()],
  ['task-t-1', alert('a-1', 'It asks for swordfish.')],
  ['task-t-1', alert('a-2', 'It waits.')],
  ['task-t-1', blocked],
  ['sprint-s-1', rejected],
];

/** The stream of an event as the log holds it once its texts are taken out. */
const without = (taken: AnyEvent) => {
  const [stream] = STORY.find(([, told]) => told === taken) ?? [''];
  const recorded = STORY.flatMap(([of, told], index) => {
    const data = told === taken ? redactEvent(told).left : told.data;
    return of === stream ? [{ ...told, data, id: String(index), position: index + 1, time: (index + 1) * 1000 }] : [];
  });
  const eventId = String(STORY.findIndex(([, told]) => told === taken));
  return { stream: stream as StreamName, eventId, events: recorded as unknown as Recorded[] };
};
const world = () => worldOf(...STORY);

describe('a world whose log was rid of a text', () => {
  it.each([
    ['of a task, and on the card of its agent', blocked],
    ['of a sprint', rejected],
    ['of an alert', STORY[5]?.[1] as AnyEvent],
  ])('holds it no more: %s', (_, taken) => {
    const now = world();
    const texts = () =>
      JSON.stringify([[...now.sprints.values()], [...now.tasks.values()], [...now.alerts.values()], [...now.board.agents.values()]]); // prettier-ignore
    const before = texts().split('swordfish').length;
    forgetTexts(now, without(taken), 20);
    expect(texts().split('swordfish').length).toBeLessThan(before);
    expect(texts()).toContain(REDACTED);
  });

  it('is otherwise what it was: other streams, other alerts, states and facts', () => {
    const [now, before] = [world(), world()];
    forgetTexts(now, without(blocked), 20);
    const { status, ...task } = now.tasks.get('t-1' as TaskId) as { status: string; reason: string };
    expect([status, task]).toEqual(['blocked', expect.objectContaining({ spec: queued.data })]);
    expect(now.alerts).toEqual(before.alerts);
    expect(now.sprints).toEqual(before.sprints);
    expect(now.board.agents.get('links-1' as AgentId)).toMatchObject({
      status: 'blocked',
      currentTaskSummary: `Mend t-1: ${REDACTED}`,
      version: 20,
    });
    expect(now.revisions.get('task-t-1' as StreamName)).toBe(20);
    expect(now.revisions.get('sprint-s-1' as StreamName)).toBe(before.revisions.get('sprint-s-1' as StreamName));
  });

  it('of a moment before the event has nothing to let go of, and does not come to know it', () => {
    const [now, before] = [worldOf(...STORY.slice(0, 5)), worldOf(...STORY.slice(0, 5))];
    forgetTexts(now, without(blocked));
    expect(now).toEqual(before);
  });
});
