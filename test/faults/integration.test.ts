import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { compareFingerprints } from '#git';
import { FAILPOINTS, type Failpoint } from '../../src/config/failpoint.js';
import type { Api } from '../harness/api.js';
import { exportSprint, replayed } from '../harness/audit.js';
import { LiveEvents } from '../harness/events.js';
import { leftovers } from '../harness/place.js';
import { fingerprintOf, ourBranches } from '../harness/repositories.js';
import type { Service } from '../harness/service.js';
import { readSprint, runSprint, type SprintAnswer } from '../harness/sprints.js';
import { inScene, type Scene } from './survival.js';

const LONG_MS = 180_000;
const ENDS = ['sprint.integrated', 'sprint.integration-failed'];

/** Deaths in a row, each at the next place that the integration comes to after the start that follows the one before. */
const ROWS: readonly (readonly Failpoint[])[] = [
  ['integration.claimed', 'integration.merged', 'integration.verified'],
  ['integration.commit-made', 'integration.pack-stored', 'integration.decided', 'integration.published'],
];

/** The sprint when its integration has ended. */
const ended = async (service: Service, { sprintId, cursor }: SprintAnswer): Promise<SprintAnswer> => {
  const api = await service.ready;
  const live = await LiveEvents.open(api, { sprint: sprintId, after: cursor });
  await live.until(() => live.names.some((name) => ENDS.includes(name)), 'end of the integration');
  live.close();
  return readSprint(api, sprintId);
};

const expectOneBranch = async ({ repository, before }: Scene, api: Api, sprint: SprintAnswer): Promise<void> => {
  const { branch, commit } = sprint.integration ?? {};
  expect(sprint.integration).toMatchObject({ status: 'integrated', branch: `hyper-run/sprint-${sprint.sprintId}` });
  expect(await ourBranches(repository)).toContain(`${commit} ${branch}`);
  const exported = await exportSprint(api, sprint.sprintId);
  expect(exported.verified.problems).toEqual([]);
  for (const type of ['sprint.integration-requested', 'sprint.integration-decided', 'sprint.integrated'])
    expect([type, exported.events.filter((event) => event.type === type).length]).toEqual([type, 1]);
  expect(replayed(exported, sprint)).toEqual(sprint);
  const verified = await api.get(`/hyper-running/sprints/${sprint.sprintId}/verify`);
  expect(verified.body).toMatchObject({ valid: true });
  expect(compareFingerprints(before, await fingerprintOf(repository))).toEqual([]);
};

describe('a service that is killed while it merges the tasks of a sprint', () => {
  it('is killed at each failpoint of that', () =>
    expect(ROWS.flat()).toEqual(FAILPOINTS.filter((name) => name.startsWith('integration.'))));

  it.each(ROWS.map((row) => [row.join(', '), row] as const))(
    'goes on after %s: one branch, sealed, as replayed',
    async (_, row) => {
      await inScene(async (scene, start) => {
        const key = { 'idempotency-key': randomUUID() };
        let sprint: SprintAnswer | undefined;
        for (const failpoint of row) {
          const service = start({ HYPER_RUN_FAILPOINT: failpoint });
          const api = await service.ready.catch(() => undefined);
          if (api !== undefined) sprint ??= await runSprint(api, { repository: scene.repository });
          const path = `/hyper-running/sprints/${sprint?.sprintId}/integrate`;
          await api?.post(path, {}, key).catch(() => undefined);
          expect([failpoint, (await service.ended).signal]).toEqual([failpoint, 'SIGKILL']);
        }
        if (sprint === undefined) throw new Error('The sprint never ran.');
        const last = start();
        await expectOneBranch(scene, await last.ready, await ended(last, sprint));
        await last.stop();
        expect(await leftovers(scene.place)).toEqual([]);
      });
    },
    LONG_MS,
  );
});
