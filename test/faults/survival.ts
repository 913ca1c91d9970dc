import { expect } from '@jest/globals';
import { compareFingerprints, type Fingerprint } from '#git';
import type { Api } from '../harness/api.js';
import { exportSprint, replayed } from '../harness/audit.js';
import { leftovers, openPlace, type Place } from '../harness/place.js';
import { fingerprintOf, makeRepository, ourBranches, QUICK } from '../harness/repositories.js';
import { launch, type Service, type Settings } from '../harness/service.js';
import { completed, readSprint, type SprintAnswer } from '../harness/sprints.js';

/** One sprint, however often its service dies. */
export interface Scene {
  readonly place: Place;
  readonly repository: string;
  readonly before: Fingerprint;
}

/** Deaths of this test are not the fault of a task: it may be tried as often as a task may be. */
const PATIENT: Settings = { HYPER_RUN_ATTEMPTS: '10', HYPER_RUN_CONCURRENCY: '2' };

export const openScene = async (): Promise<Scene> => {
  const place = await openPlace(PATIENT);
  const repository = await makeRepository(place.repositories, 'quick', QUICK);
  return { place, repository, before: await fingerprintOf(repository) };
};

/** Runs what uses a scene; whatever happens, its service is ended and its folder removed. */
export const inScene = async (use: (scene: Scene, start: (settings?: Settings) => Service) => Promise<void>) => {
  const scene = await openScene();
  const started: Service[] = [];
  const start = (settings?: Settings) => {
    const service = launch(scene.place, settings);
    started.push(service);
    return service;
  };
  try {
    await use(scene, start);
  } finally {
    await started.at(-1)?.stop();
    await scene.place.remove();
  }
};

/** What has to hold of a sprint that has ended, however many times its service was killed. */
export const expectResults = async (scene: Scene, api: Api, sprintId: string): Promise<SprintAnswer> => {
  const sprint = await completed(api, sprintId);
  expect(sprint.status).toBe('completed');
  await expectOneResultEach(scene, api, sprint);
  const exported = await exportSprint(api, sprintId);
  expect(exported.verified.problems).toEqual([]);
  const verified = await api.get<{ valid: boolean; commits: number }>(`/hyper-running/sprints/${sprintId}/verify`);
  expect(verified.body).toMatchObject({ valid: true, commits: sprint.tasks.length });
  expect(replayed(exported, sprint)).toEqual(sprint);
  expect(await readSprint(api, sprintId, `?at=${sprint.cursor}`)).toEqual(sprint);
  expect(compareFingerprints(scene.before, await fingerprintOf(scene.repository))).toEqual([]);
  return sprint;
};

/** Nothing is left of its work when the service has ended. */
export const expectCleanEnd = async ({ place }: Scene, service: Service): Promise<void> => {
  await service.stop();
  expect(await leftovers(place)).toEqual([]);
};

/** Both, of a sprint that comes to its end by this service. */
export const expectSound = async (scene: Scene, service: Service, sprintId: string): Promise<void> => {
  await expectResults(scene, await service.ready, sprintId);
  await expectCleanEnd(scene, service);
};

const expectOneResultEach = async ({ repository }: Scene, api: Api, sprint: SprintAnswer): Promise<void> => {
  expect(sprint.tasks.map(({ agent, status }) => `${agent} ${status}`)).toEqual(
    sprint.tasks.map(({ agent }) => `${agent} passed`),
  );
  const branches = sprint.tasks.map(({ branch, commit }) => `${commit} ${branch}`);
  expect((await ourBranches(repository)).toSorted(byText)).toEqual(branches.toSorted(byText));
  const { events } = await exportSprint(api, sprint.sprintId);
  for (const { taskId } of sprint.tasks) {
    const of = (type: string) => events.filter((event) => event.taskId === taskId && event.type === type);
    for (const type of ['task.publish-decided', 'task.branch-published', 'task.passed'])
      expect([taskId, type, of(type).length]).toEqual([taskId, type, 1]);
  }
};

const byText = (a: string, b: string) => (a < b ? -1 : 1);
