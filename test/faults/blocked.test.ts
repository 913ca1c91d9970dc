import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TaskView } from '../../src/sprints/views.js';
import { withAgents } from '../harness/agents.js';
import type { Api } from '../harness/api.js';
import { exportSprint, replayed } from '../harness/audit.js';
import { LiveEvents } from '../harness/events.js';
import { leftovers, openPlace, type Place } from '../harness/place.js';
import { processesWith } from '../harness/processes.js';
import { git, makeRepository } from '../harness/repositories.js';
import { launch, type Service, type Settings } from '../harness/service.js';
import { approve, completed, propose } from '../harness/sprints.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('an agent in the sandbox whose question waits for an answer', () => {
  const mark = `mark-${randomUUID()}`;
  let place: Place;
  let settings: Settings;
  let service: Service;
  let repository: string;

  beforeAll(async () => {
    place = await openPlace({ HYPER_RUN_CONCURRENCY: '1' });
    settings = await withAgents(place, {
      curious: {
        type: 'acp',
        command: ['node', join(ROOT, 'test/agents/misbehaving-agent.mjs'), 'acp', 'works on while it asks', mark],
        mounts: [join(ROOT, 'node_modules'), join(ROOT, 'test/agents')],
        startSeconds: 600,
      },
    });
    service = launch(place, settings);
    await service.ready;
  }, 60_000);
  afterAll(async () => {
    await service?.stop();
    await place?.remove();
  });
  beforeEach(async () => {
    repository = await makeRepository(place.repositories, `atlas-${randomUUID()}`, {
      'docs/index.md': '# Atlas\n\nBegin here. <!-- TODO: remove this note -->\n',
      '.hyper-run.json': '{ "verify": ["true"] }\n',
    });
  });

  /** Resolves when it has asked, and nothing of it runs. */
  const askedAndStill = async (api: Api) => {
    const plan = await propose(api, { repository });
    const live = await LiveEvents.open(api, { sprint: plan.planId });
    await approve(api, plan);
    await live.wait('task.blocked');
    live.close();
    const isStill = async () => {
      const states = (await processesWith(mark)).map(({ state }) => state);
      // The agent and the two that it started; D: in the midst of starting another one, which stands still.
      return states.filter((state) => 'TD'.includes(state)).length === 3 && !states.includes('R');
    };
    while (!(await isStill())) await delay(10);
    return { sprintId: plan.planId, taskId: plan.tasks[0]?.taskId ?? '' };
  };
  const read = async (api: Api, taskId: string) => (await api.get<TaskView>(`/hyper-running/tasks/${taskId}`)).body;
  const answered = async (api: Api, { sprintId, taskId }: { readonly sprintId: string; readonly taskId: string }) => {
    expect((await api.post(`/hyper-running/tasks/${taskId}/answer`, { text: 'atlas' })).status).toBe(202);
    const sprint = await completed(api, sprintId);
    expect(sprint.tasks).toMatchObject([{ status: 'passed' }]);
    expect(await git(repository, 'show', `hyper-run/${taskId}:docs/index.md`)).toBe('# Atlas\n\nBegin here. atlas');
    const exported = await exportSprint(api, sprintId);
    expect(exported.verified.valid).toBe(true);
    expect(replayed(exported, sprint)).toEqual(sprint);
    expect(await processesWith(mark)).toEqual([]);
    expect(await leftovers(place)).toEqual([]);
    return sprint;
  };

  it('stands still with all that it started, and goes on where it was with the answer', async () => {
    const api = await service.ready;
    const sprint = await answered(api, await askedAndStill(api));
    expect(sprint.tasks).toMatchObject([{ attempts: 1 }]);
  });

  it('is called off while it stands still, and nothing of it is left', async () => {
    const api = await service.ready;
    const { sprintId, taskId } = await askedAndStill(api);
    expect((await api.post(`/hyper-running/tasks/${taskId}/cancel`)).status).toBe(202);
    expect((await completed(api, sprintId)).tasks).toMatchObject([{ status: 'cancelled' }]);
    while ((await processesWith(mark)).length > 0 || (await leftovers(place)).length > 0) await delay(10);
  });

  it('is asked for once although the service is killed meanwhile: still blocked after the restart, and answered then', async () => {
    const asked = await askedAndStill(await service.ready);
    const before = await read(await service.ready, asked.taskId);
    await service.kill();
    while ((await processesWith(mark)).length > 0) await delay(10);
    service = launch(place, settings);
    const api = await service.ready;
    expect(await read(api, asked.taskId)).toMatchObject({ status: 'blocked', blocked: before.blocked });
    const sprint = await answered(api, asked);
    expect(sprint.tasks).toMatchObject([{ attempts: 2 }]);
    const { events } = await exportSprint(api, asked.sprintId);
    expect(events.filter(({ type }) => type === 'task.blocked')).toHaveLength(1);
  });
});
