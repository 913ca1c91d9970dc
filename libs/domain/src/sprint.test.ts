import { describe, expect, it } from '@jest/globals';
import type { AnyEvent, PlannedTask, TaskId } from '#contracts';
import { event } from './decider.js';
import {
  ada,
  analysisClaimed,
  approved,
  baseVerified,
  beforeExpiry,
  bob,
  plan,
  plannedTask,
  planOf,
  proposed,
  requested,
  settled,
  started,
} from './plan.fixture.js';
import { specify } from './specification.fixture.js';
import { sprint } from './sprint.js';

const { given } = specify(sprint);
const review = [requested, analysisClaimed, proposed] as const;
const running = [...review, approved, baseVerified('passed'), started] as const;
const approve = { type: 'approve', planHash: plan.planHash, unattended: false, now: beforeExpiry } as const;

describe('a plan that is being made', () => {
  it('is claimed by one worker', () => {
    expect(given(requested).when({ type: 'claim-analysis', worker: ada }).refusal()).toBeUndefined();
    expect(given(requested, analysisClaimed).when({ type: 'claim-analysis', worker: bob }).refusal()).toBe('job.taken');
  });
  it('is proposed only by the worker that holds it', () => {
    const state = given(requested, analysisClaimed);
    expect(state.when({ type: 'propose', worker: ada, plan }).events()).toEqual([proposed]);
    expect(state.when({ type: 'propose', worker: bob, plan }).refusal()).toBe('job.lost');
  });
  it('is given up after three interruptions', () => {
    const again = (attempt: number) => ({ ...analysisClaimed, data: { worker: ada, attempt } });
    const types = (attempt: number) =>
      given(requested, again(attempt))
        .when({ type: 'interrupt-analysis', worker: ada, reason: 'lost' })
        .events()
        .map((event) => event.type);
    expect(types(2)).toEqual(['sprint.analysis-interrupted']);
    expect(types(3)).toEqual(['sprint.analysis-interrupted', 'sprint.analysis-failed']);
  });
  it('cannot be approved yet', () => expect(given(requested).when(approve).refusal()).toBe('plan.not-ready'));
});

describe('a proposed plan', () => {
  it('is approved under exactly the hash that was read', () => {
    expect(
      given(...review)
        .when(approve)
        .events(),
    ).toEqual([approved]);
    expect(
      given(...review)
        .when({ ...approve, planHash: 'f'.repeat(64) })
        .refusal(),
    ).toBe('plan.stale-hash');
  });
  it('is approved in part: what is not named is declined', () => {
    const [event] = given(...review)
      .when({ ...approve, taskIds: ['t-2' as TaskId] })
      .events();
    expect(event?.data).toMatchObject({ taskIds: ['t-2'], declined: ['t-1'] });
  });
  it('refuses tasks that it does not have, and an approval of nothing', () => {
    expect(
      given(...review)
        .when({ ...approve, taskIds: ['t-9' as TaskId] })
        .refusal(),
    ).toBe('plan.unknown-task');
    expect(
      given(...review)
        .when({ ...approve, taskIds: [] })
        .refusal(),
    ).toBe('plan.nothing-approved');
  });
  it('expires, and cannot be approved from then on', () => {
    const late = Date.parse(plan.expiresAt);
    expect(
      given(...review)
        .when({ type: 'expire', now: late })
        .state().status,
    ).toBe('expired');
    expect(
      given(...review)
        .when({ type: 'expire', now: late - 1 })
        .events(),
    ).toEqual([]);
    expect(
      given(...review)
        .when({ ...approve, now: late })
        .refusal(),
    ).toBe('plan.expired');
  });
  it('changes its hash with every edit, so that the old hash approves nothing', () => {
    const edited = given(...review).when({
      type: 'edit',
      ifHash: plan.planHash,
      now: beforeExpiry,
      edit: { drop: ['t-1' as TaskId] },
    });
    const state = edited.state();
    expect(state.status === 'proposed' && state.plan.tasks.map((task) => task.taskId)).toEqual(['t-2']);
    expect(state.status === 'proposed' && state.plan.planHash).not.toBe(plan.planHash);
  });
  it('can be narrowed by an edit, never widened', () => {
    const wide = planOf(plannedTask('t-1', ['docs/a.md', 'docs/b.md']));
    const edit = (paths: string[]) =>
      given(requested, analysisClaimed, { ...proposed, data: { plan: wide } }).when({
        type: 'edit',
        ifHash: wide.planHash,
        now: beforeExpiry,
        edit: { tasks: [{ taskId: 't-1' as TaskId, paths }] },
      });
    expect(edit(['docs/b.md']).refusal()).toBeUndefined();
    expect(edit(['docs/c.md']).refusal()).toBe('plan.paths-widened');
  });
  it('has another scope by an edit: tasks keep what lies in it, and what it lets in comes after them', () => {
    const wide = planOf(plannedTask('t-1', ['docs/a.md', 'docs/b.md']), plannedTask('t-2', ['docs/c.md']));
    const rescope = (allowed: string[], ...added: PlannedTask[]) => ({
      scope: allowed,
      allows: (path: string) => allowed.includes(path),
      findings: { ...wide.findings, inScope: allowed.length },
      added,
    });
    const edit = (change: object) =>
      given(requested, analysisClaimed, { ...proposed, data: { plan: wide } }).when({
        type: 'edit',
        ifHash: wide.planHash,
        now: beforeExpiry,
        edit: change,
      });
    const state = edit({ rescope: rescope(['docs/b.md', 'src/d.md'], plannedTask('t-3', ['src/d.md'])) }).state();
    const narrowed = state.status === 'proposed' ? state.plan : wide;
    expect(narrowed.scope).toEqual(['docs/b.md', 'src/d.md']);
    expect(narrowed.findings.inScope).toBe(2);
    expect(narrowed.tasks.map(({ taskId, paths, evidence }) => [taskId, paths, evidence.length])).toEqual([
      ['t-1', ['docs/b.md'], 1],
      ['t-3', ['src/d.md'], 1],
    ]);
    expect(narrowed.planHash).not.toBe(wide.planHash);
    expect(edit({ rescope: rescope(['src/d.md']) }).refusal()).toBe('plan.empty');
    expect(edit({ scope: ['src/**'] }).refusal()).toBe('plan.stale-hash');
  });
  it('lists what the agents are given that its tasks name, whoever is chosen', () => {
    const member = (kind: string) => ({
      kind,
      digest: `${kind}@2`,
      adapter: 'acp' as const,
      workplace: 'sandbox' as const,
    });
    const edit = (change: object, more: object = {}) => {
      const state = given(...review)
        .when({
          type: 'edit',
          ifHash: plan.planHash,
          now: beforeExpiry,
          edit: { tasks: [{ taskId: 't-1' as TaskId, ...change }], agents: [member('coder')], ...more },
        })
        .state();
      return state.status === 'proposed' ? state.plan : undefined;
    };
    const chosen = edit({ agent: 'coder' });
    expect(chosen?.agents).toEqual([member('coder')]);
    expect(chosen?.tasks.map(({ agent, agentDigest }) => [agent, agentDigest])).toEqual([
      ['coder', 'coder@2'],
      ['links', 'links@1'],
    ]);
    const passedOn = edit({ fallbacks: ['coder', 'links', 'coder'] });
    expect(passedOn?.tasks[0]).toMatchObject({ agent: 'links', fallbacks: ['coder'] });
    expect(passedOn?.agents).toEqual([member('coder')]);
    expect(passedOn?.planHash).not.toBe(plan.planHash);
    expect(edit({ fallbacks: [] })?.tasks[0]).not.toHaveProperty('fallbacks');
    const otherHost = edit({ agent: 'coder' }, { agents: [{ ...member('coder'), host: 'elsewhere.example' }] });
    expect(otherHost?.planHash).not.toBe(chosen?.planHash);
  });
  it('takes instructions only for an agent that follows words', () => {
    const instruct = (followWords: string[], agent?: string) =>
      given(...review).when({
        type: 'edit',
        ifHash: plan.planHash,
        now: beforeExpiry,
        edit: { tasks: [{ taskId: 't-1' as TaskId, instructions: 'Keep it short.', agent }], followWords },
      });
    expect(instruct(['coder']).refusal()).toBe('plan.instructions-unheard');
    expect(instruct(['coder'], 'coder').refusal()).toBeUndefined();
    expect(instruct(['links']).refusal()).toBeUndefined();
  });
  it('is decided on once', () =>
    expect(
      given(...review, approved)
        .when(approve)
        .refusal(),
    ).toBe('plan.already-decided'));
});

describe('an approved sprint', () => {
  it('starts on a green base', () =>
    expect(
      given(...review, approved, baseVerified('passed'))
        .when({ type: 'start' })
        .events(),
    ).toEqual([started]));
  it('starts on a red base only after a person resumed it', () => {
    const red = [...review, approved, baseVerified('failed')] as const;
    const paused = given(...red)
      .when({ type: 'settle-pause', reason: 'red' })
      .events();
    const resumed = given(...red, ...paused)
      .when({ type: 'resume' })
      .events();
    expect(
      given(...red, ...paused, ...resumed)
        .when({ type: 'start' })
        .events(),
    ).toEqual([{ ...started, data: { baseAccepted: true } }]);
  });
  it('asks about a base that turned out red while it was paused for another reason', () => {
    const all = [...review, approved];
    const pausing = given(...all)
      .when({ type: 'pause', reason: 'lunch' })
      .events();
    const paused = given(...all, ...pausing)
      .when({ type: 'settle-pause', reason: 'lunch' })
      .events();
    const red = [...all, ...pausing, ...paused, baseVerified('failed')];
    const resumed = given(...red)
      .when({ type: 'resume' })
      .events();
    expect(given(...red, ...resumed).state).toMatchObject({ status: 'approved', baseAccepted: false });
  });
  it('verifies its base by one worker, and not while it is being cancelled', () => {
    const claim = { type: 'claim-base-verification', worker: ada } as const;
    expect(
      given(...review, approved)
        .when(claim)
        .refusal(),
    ).toBeUndefined();
    const cancelled = given(...review, approved)
      .when({ type: 'cancel', reason: 'no' })
      .events();
    expect(
      given(...review, approved, ...cancelled)
        .when(claim)
        .refusal(),
    ).toBe('job.gone');
  });
});

describe('a running sprint', () => {
  it('pauses, and goes on where it was', () => {
    const pausing = given(...running)
      .when({ type: 'pause', reason: 'lunch' })
      .events();
    const paused = given(...running, ...pausing)
      .when({ type: 'settle-pause', reason: 'lunch' })
      .events();
    expect(given(...running, ...pausing, ...paused).state.status).toBe('paused');
    expect(
      given(...running, ...pausing, ...paused)
        .when({ type: 'resume' })
        .state().status,
    ).toBe('running');
  });
  it('ends only when every task is settled', () => {
    expect(
      given(...running, settled('t-1'))
        .when({ type: 'complete', heads: [] })
        .events(),
    ).toEqual([]);
    const state = given(...running, settled('t-1'), settled('t-2'))
      .when({ type: 'complete', heads: [] })
      .state();
    expect(state).toMatchObject({ status: 'completed', outcome: 'completed' });
  });
  it('that was cancelled ends as cancelled', () => {
    const cancelled = given(...running)
      .when({ type: 'cancel', reason: 'no' })
      .events();
    const all = [...running, ...cancelled, settled('t-1'), settled('t-2')];
    expect(
      given(...all)
        .when({ type: 'complete', heads: [] })
        .state(),
    ).toMatchObject({ outcome: 'cancelled' });
    expect(
      given(...all)
        .when({ type: 'resume' })
        .refusal(),
    ).toBe('sprint.cancelling');
  });
});

describe('the clocks of a sprint', () => {
  const pausing = event('sprint.pausing', { reason: 'lunch' });
  const paused = event('sprint.paused', { reason: 'lunch' });
  const resumed = event('sprint.resumed', {});
  const at = (running.length + 1) * 1000;
  const pausesAfter = (...events: readonly AnyEvent[]) => {
    const { state } = given(...running, ...events);
    return 'pauses' in state ? state.pauses : undefined;
  };
  it('stand still from the wish to pause until it goes on', () => {
    expect(pausesAfter()).toEqual([]);
    expect(pausesAfter(pausing, paused)).toEqual([{ from: at }]);
    expect(pausesAfter(pausing, paused, resumed, pausing)).toEqual([
      { from: at, until: at + 2000 },
      { from: at + 3000 },
    ]);
  });
});

describe('a base verification that is interrupted for the third time', () => {
  const claim = (attempt: number) => ({
    type: 'sprint.base-verification-claimed' as const,
    data: { worker: ada, attempt },
  });
  const interrupt = { type: 'interrupt-base-verification', worker: ada, reason: 'lost' } as const;
  it('pauses the sprint and asks', () =>
    expect(
      given(...review, approved, claim(3))
        .when(interrupt)
        .state().status,
    ).toBe('paused'));
  it('concerns only the worker that was lost', () =>
    expect(
      given(...review, approved, claim(3))
        .when({ ...interrupt, worker: bob })
        .events(),
    ).toEqual([]));
  it('does not hold up a sprint that is being cancelled', () => {
    const cancelled = given(...review, approved, claim(3))
      .when({ type: 'cancel', reason: 'no' })
      .events();
    expect(
      given(...review, approved, claim(3), ...cancelled)
        .when(interrupt)
        .state().status,
    ).toBe('cancelling');
  });
});
