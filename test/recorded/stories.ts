import { expect } from '@jest/globals';
import { exportSprint } from '../harness/audit.js';
import { LiveEvents } from '../harness/events.js';
import { openPlace, type Place } from '../harness/place.js';
import { makeRepository, QUICK } from '../harness/repositories.js';
import { launch, type Service, type Settings } from '../harness/service.js';
import { approve, completed, propose } from '../harness/sprints.js';

/** Sprints whose whole logs are kept. Each resolves with its export. */
type Tell = (place: Place, start: (settings?: Settings) => Service) => Promise<readonly string[]>;

const exported = async (service: Service, sprintId: string): Promise<readonly string[]> =>
  (await exportSprint(await service.ready, sprintId)).lines;

/** All tasks pass, and are put together on one branch. */
const integrated: Tell = async (place, start) => {
  const api = await start().ready;
  const plan = await propose(api, { repository: await makeRepository(place.repositories, 'quick', QUICK) });
  await approve(api, plan);
  const { sprintId, cursor } = await completed(api, plan.planId);
  const live = await LiveEvents.open(api, { sprint: sprintId, after: cursor });
  expect((await api.post(`/hyper-running/sprints/${sprintId}/integrate`)).status).toBe(202);
  await live.wait('sprint.integrated');
  live.close();
  return (await exportSprint(api, sprintId)).lines;
};

/** The service dies in the middle of a task, and the next one does it again; a second task was declined. */
const interrupted: Tell = async (place, start) => {
  const first = start({ HYPER_RUN_FAILPOINT: 'task.gate-passed', HYPER_RUN_ATTEMPTS: '5' });
  const api = await first.ready;
  const plan = await propose(api, { repository: await makeRepository(place.repositories, 'quick', QUICK) });
  await approve(api, plan, [plan.tasks[0]?.taskId ?? '']);
  await first.ended;
  const second = start({ HYPER_RUN_ATTEMPTS: '5' });
  await completed(await second.ready, plan.planId);
  return exported(second, plan.planId);
};

/** The repository's own command fails before anything was changed; the sprint asks, and is cancelled. */
const cancelled: Tell = async (place, start) => {
  const service = start();
  const api = await service.ready;
  const repository = await makeRepository(place.repositories, 'red', {
    'docs/page.md': '# Page\n\nWe recieve the letters and read them.\n',
    '.hyper-run.json': '{ "verify": ["false"] }\n',
  });
  const plan = await propose(api, { repository });
  const live = await LiveEvents.open(api, { sprint: plan.planId, after: plan.cursor });
  await approve(api, plan);
  await live.wait('sprint.paused');
  live.close();
  await api.post(`/hyper-running/sprints/${plan.planId}/cancel`, { reason: 'Not on a red base.' });
  await completed(api, plan.planId);
  return exported(service, plan.planId);
};

export const STORIES: Readonly<Record<string, Tell>> = { integrated, interrupted, cancelled };

/** Tells a story with the built service, in a place of its own. */
export const tell = async (story: Tell): Promise<readonly string[]> => {
  const place = await openPlace({ HYPER_RUN_CONCURRENCY: '1' });
  const started: Service[] = [];
  try {
    return await story(place, (settings) => {
      const service = launch(place, settings);
      started.push(service);
      return service;
    });
  } finally {
    await started.at(-1)?.stop();
    await place.remove();
  }
};
