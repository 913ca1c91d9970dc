import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareFingerprints } from '#git';
import type { Api } from '../harness/api.js';
import { exportSprint, replayed } from '../harness/audit.js';
import { LiveEvents } from '../harness/events.js';
import { leftovers, openPlace, type Place } from '../harness/place.js';
import { FAULTS, fingerprintOf, git, makeRepository, ourBranches, QUICK } from '../harness/repositories.js';
import { launch, type Service } from '../harness/service.js';
import { propose, readSprint, runSprint, type SprintAnswer } from '../harness/sprints.js';

/** Green with either of two repairs, red with both. */
const TOGETHER_RED = {
  ...FAULTS,
  '.hyper-run.json': JSON.stringify({
    verify: ['if grep -q receive docs/words.md && grep -q guide/first-steps docs/index.md; then echo Both; exit 3; fi'],
  }),
};

/** Red where the misspelling is repaired. */
const MISSPELT = { ...FAULTS, '.hyper-run.json': JSON.stringify({ verify: ['grep -q recieve docs/words.md'] }) };

/** One line with two faults that two agents mend. */
const ONE_LINE = {
  'docs/index.md': '# Atlas\n\nYou will recieve the [first steps](first-steps.md).\n',
  'docs/guide/first-steps.md': '# First steps\n\nOpen the atlas.\n',
};

describe('the passed tasks of a sprint', () => {
  let place: Place;
  let service: Service;
  let api: Api;
  let live: LiveEvents;

  beforeAll(async () => {
    place = await openPlace();
    service = launch(place);
    api = await service.ready;
    live = await LiveEvents.open(api);
  }, 60_000);

  afterAll(async () => {
    live?.close();
    await service?.stop();
    await place?.remove();
  });

  const integrate = (sprintId: string, body: object = {}) =>
    api.post<SprintAnswer & { readonly code?: string; readonly detail?: string }>(
      `/hyper-running/sprints/${sprintId}/integrate`,
      body,
    );
  /** Asks for it and waits for its end. */
  const integrated = async (sprintId: string, body?: object) => {
    const asked = await integrate(sprintId, body);
    expect(asked).toMatchObject({ status: 202, body: { status: 'completed', integration: { status: 'merging' } } });
    const after = Number(asked.body.cursor.split('.').at(-1));
    const ended = () =>
      live.events.some(
        ({ type, sprintid, position }) =>
          sprintid === sprintId &&
          Number(position) > after &&
          (type === 'hyperrun.sprint.integrated' || type === 'hyperrun.sprint.integration-failed'),
      );
    await live.until(ended, `end of the integration of ${sprintId}`);
    return readSprint(api, sprintId);
  };
  const taskOf = (sprint: SprintAnswer, agent: string) =>
    sprint.tasks.find((task) => task.agent === agent)?.taskId ?? 'none';

  it('become one branch: merged on the base, verified as a whole, sealed, and nothing else is touched', async () => {
    const repository = await makeRepository(place.repositories, 'atlas', QUICK);
    const before = await fingerprintOf(repository);
    const sprint = await runSprint(api, { repository });
    const { integration, ...rest } = await integrated(sprint.sprintId);
    const branch = `hyper-run/sprint-${sprint.sprintId}`;
    expect(integration).toMatchObject({ status: 'integrated', branch });
    expect(integration?.files?.map(({ path }) => path)).toEqual(['docs/index.md', 'docs/style.md', 'docs/words.md']);
    expect(integration?.steps).toMatchObject([{ command: 'grep -q Atlas docs/index.md', outcome: 'passed' }]);

    const commits = sprint.tasks.map((task) => task.commit ?? '');
    const parents = await git(repository, 'log', '-1', '--format=%P', branch);
    expect(parents.split(' ')).toEqual([sprint.plan?.baseCommit, ...commits]);
    const both = await git(repository, 'show', `${branch}:docs/words.md`, `${branch}:docs/index.md`);
    expect(both).toMatch(/You will receive a map\.[\s\S]*guide\/first-steps\.md/);
    const message = await git(repository, 'log', '-1', '--format=%B', branch);
    for (const { taskId, title } of sprint.tasks) expect(message).toContain(`- ${title} (${taskId})`);
    const sealed = [...message.matchAll(/^HyperRun-Seal: (\S+)@\d+ [0-9a-f]{64}$/gm)].map(([, stream]) => stream);
    expect(sealed).toEqual([...sprint.tasks.map(({ taskId }) => `task-${taskId}`), `sprint-${sprint.sprintId}`]);

    const exported = await exportSprint(api, sprint.sprintId);
    expect(exported.verified.problems).toEqual([]);
    expect(replayed(exported, { ...rest, integration })).toEqual({ ...rest, integration });
    const verified = await api.get(`/hyper-running/sprints/${sprint.sprintId}/verify`);
    expect(verified.body).toMatchObject({ valid: true, commits: 3 + 4 });
    expect(compareFingerprints(before, await fingerprintOf(repository))).toEqual([]);

    const report = await api.get<string>(`/hyper-running/sprints/${sprint.sprintId}/report?format=markdown`);
    expect(report.body).toContain(`3 tasks merged and verified as a whole: branch \`${branch}\``);
    expect(await integrate(sprint.sprintId)).toMatchObject({
      status: 409,
      body: { code: 'sprint.integrated', detail: expect.stringContaining(`git branch -D ${branch}`) },
    });
  });

  it('are merged in part where a person says which, and anew when the branch was deleted', async () => {
    const repository = await makeRepository(place.repositories, 'part', MISSPELT);
    const sprint = await runSprint(api, { repository });
    const [links, spelling] = [taskOf(sprint, 'links'), taskOf(sprint, 'spelling')];
    expect(await integrate(sprint.sprintId, { taskIds: [links, spelling] })).toMatchObject({
      status: 422,
      body: { code: 'task.not-passed', detail: expect.stringContaining(spelling) },
    });
    const { integration } = await integrated(sprint.sprintId, { taskIds: [links] });
    expect(integration).toMatchObject({ status: 'integrated', taskIds: [links] });
    // Their own branches are not needed: what they made is kept.
    for (const branch of await ourBranches(repository))
      await git(repository, 'branch', '--quiet', '-D', branch.split(' ')[1] ?? '');
    const all = (await integrated(sprint.sprintId)).integration;
    expect(all).toMatchObject({ status: 'integrated', taskIds: [links, taskOf(sprint, 'markdown')] });
    expect(await ourBranches(repository)).toEqual([`${all?.commit} ${all?.branch}`]);
  });

  it('become none where they conflict: the files are named, and the tasks', async () => {
    const repository = await makeRepository(place.repositories, 'one-line', ONE_LINE);
    const sprint = await runSprint(api, { repository });
    expect(sprint.tasks.map(({ status }) => status)).toEqual(['passed', 'passed']);
    const [one, other] = sprint.tasks.map(({ taskId }) => taskId);
    expect(sprint.plan?.tasks.map(({ overlaps }) => overlaps)).toEqual([[other], [one]]);
    const { integration } = await integrated(sprint.sprintId);
    expect(integration).toMatchObject({
      status: 'failed',
      reason: `These files cannot be merged: docs/index.md (${one} and ${other}).`,
      conflicts: [{ path: 'docs/index.md', taskIds: [one, other] }],
      together: [],
    });
    expect(await ourBranches(repository)).toHaveLength(2);
    const report = await api.get<string>(`/hyper-running/sprints/${sprint.sprintId}/report?format=markdown`);
    expect(report.body).toContain('**Not merged:** These files cannot be merged');
    expect(report.body).toContain(`- \`docs/index.md\`: \`hyper-run/${one}\`, \`hyper-run/${other}\``);
  });

  it('become none where they pass alone and fail together: those that do are named, and nobody besides', async () => {
    const repository = await makeRepository(place.repositories, 'together', TOGETHER_RED);
    const sprint = await runSprint(api, { repository });
    expect(sprint.tasks.map(({ status }) => status)).toEqual(['passed', 'passed', 'passed']);
    const { integration } = await integrated(sprint.sprintId);
    const both = sprint.tasks.filter(({ agent }) => agent !== 'markdown').map(({ taskId }) => taskId);
    expect(integration).toMatchObject({ status: 'failed', together: both, conflicts: [] });
    expect(integration?.reason).toMatch(/ and t-\w+ pass alone, but not together: "if grep.*exit code 3/);
    expect(integration?.steps?.at(-1)).toMatchObject({ outcome: 'failed', output: { tail: 'Both\n' } });
    expect(await ourBranches(repository)).toHaveLength(3);
    const without = sprint.tasks.map(({ taskId }) => taskId).filter((id) => id !== both[0]);
    expect((await integrated(sprint.sprintId, { taskIds: without })).integration?.status).toBe('integrated');
  });

  it('become none when a person calls it off meanwhile, and nothing of it goes on', async () => {
    const repository = await makeRepository(place.repositories, 'called-off', {
      ...FAULTS,
      '.hyper-run.json': JSON.stringify({
        verify: ['if grep -q receive docs/words.md && grep -q guide/first-steps docs/index.md; then sleep 600; fi'],
      }),
    });
    const sprint = await runSprint(api, { repository });
    const asked = await integrate(sprint.sprintId);
    const after = Number(asked.body.cursor.split('.').at(-1));
    const told = (type: string) =>
      live.events.some((one) => one.type === `hyperrun.${type}` && one.sprintid === sprint.sprintId && Number(one.position) > after); // prettier-ignore
    await live.until(() => told('sprint.integration-claimed'), 'that it is merged');
    const cancelled = await api.post(`/hyper-running/sprints/${sprint.sprintId}/cancel`, { reason: 'Too early.' });
    expect(cancelled.status).toBe(202);
    expect((await readSprint(api, sprint.sprintId)).integration).toMatchObject({
      status: 'failed',
      reason: 'It was cancelled: Too early.',
    });
    expect(await ourBranches(repository)).toHaveLength(3);
  });

  it('never move a branch of that name that is there already', async () => {
    const repository = await makeRepository(place.repositories, 'foreign', QUICK);
    const sprint = await runSprint(api, { repository, maxTasks: 1 });
    const branch = `hyper-run/sprint-${sprint.sprintId}`;
    await git(repository, 'branch', branch);
    expect((await integrate(sprint.sprintId)).body.code).toBe('sprint.integrated');
    expect(await git(repository, 'rev-parse', branch)).toBe(sprint.plan?.baseCommit);
  });

  it('are not merged before the sprint is completed, nor where there are none', async () => {
    const repository = await makeRepository(place.repositories, 'early', QUICK);
    const { planId } = await propose(api, { repository });
    expect(await integrate(planId)).toMatchObject({ status: 409, body: { code: 'sprint.not-completed' } });
    expect((await integrate('nowhere')).body.code).toBe('sprint.unknown');
    const pinned = await makeRepository(place.repositories, 'none', {
      ...FAULTS,
      '.hyper-run.json': '{ "verify": ["grep -q recieve docs/words.md"] }\n',
      'docs/index.md': '# Atlas\n',
      'docs/style.md': '# Style\n',
    });
    const failed = await runSprint(api, { repository: pinned });
    expect(failed.tasks.map(({ status }) => status)).toEqual(['failed']);
    expect(await integrate(failed.sprintId)).toMatchObject({ status: 409, body: { code: 'sprint.nothing-passed' } });
  });

  it('leave nothing lying about', async () => {
    await service.stop();
    expect(await leftovers(place)).toEqual([]);
  });
});
