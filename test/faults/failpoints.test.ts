import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { compareFingerprints } from '#git';
import { FAILPOINTS } from '../../src/config/failpoint.js';
import type { Api } from '../harness/api.js';
import { exportSprint, replayed } from '../harness/audit.js';
import { LiveEvents } from '../harness/events.js';
import { fingerprintOf, ourBranches } from '../harness/repositories.js';
import { approvalOf, propose, readSprint, type PlanAnswer, type SprintAnswer } from '../harness/sprints.js';
import { expectCleanEnd, expectResults, inScene, type Scene } from './survival.js';

const LONG_MS = 300_000;
const ENDS = ['sprint.integrated', 'sprint.integration-failed'];

/** From the wish for a plan to the branch of all tasks; those of archives are in long/archive.test.ts. */
const PLACES = FAILPOINTS.filter((name) => !name.startsWith('archive.'));

/** Deaths in a row, each at the next place that a sprint comes to after the start that follows the one before. */
const ROWS = [0, 1].map((row) => PLACES.filter((_, index) => index % 2 === row));

/** A request that the service may die of: then it is sent to the next one, under the same key. */
const insist = async <T>(send: () => Promise<T>): Promise<T | undefined> => send().catch(() => undefined);

/** What a person does, each under a key, so that it can be done again. */
class Person {
  readonly #key = randomUUID();
  #plan?: PlanAnswer;
  #sprint?: SprintAnswer;

  constructor(private readonly scene: Scene) {}

  /** Asks for a plan and approves it. */
  async wantsSprint(api: Api): Promise<void> {
    const { repository } = this.scene;
    const plan = (this.#plan ??= await insist(() => propose(api, { repository }, this.#once('plan'))));
    if (plan !== undefined) await insist(() => api.post('/hyper-running/execute', approvalOf(plan), this.#once('run')));
  }

  /** When the sprint is as it has to be, asks for one branch of all its tasks. */
  async wantsBranch(api: Api): Promise<void> {
    const { sprintId } = (this.#sprint ??= await expectResults(this.scene, api, this.#plan?.planId ?? ''));
    await insist(() => api.post(`/hyper-running/sprints/${sprintId}/integrate`, {}, this.#once('integrate')));
  }

  /** Resolves with the sprint when that branch is there, or will not be. */
  async branch(api: Api): Promise<SprintAnswer> {
    if (this.#sprint === undefined) throw new Error('The sprint never ran.');
    const { sprintId, cursor } = this.#sprint;
    const live = await LiveEvents.open(api, { sprint: sprintId, after: cursor });
    await live.until(() => live.names.some((name) => ENDS.includes(name)), 'end of the integration');
    live.close();
    return readSprint(api, sprintId);
  }

  #once(deed: string) {
    return { 'idempotency-key': `${deed}-${this.#key}` };
  }
}

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

describe('a service that is killed at a failpoint', () => {
  it.each(ROWS.map((row) => [row.join(', '), row] as const))(
    'goes on after %s: one result per task, one branch of all, sealed, as replayed',
    async (_, row) => {
      await inScene(async (scene, start) => {
        const person = new Person(scene);
        for (const failpoint of row) {
          const service = start({ HYPER_RUN_FAILPOINT: failpoint });
          const api = await service.ready.catch(() => undefined);
          if (api !== undefined) {
            await person.wantsSprint(api);
            if (failpoint.startsWith('integration.')) await person.wantsBranch(api);
          }
          expect([failpoint, (await service.ended).signal]).toEqual([failpoint, 'SIGKILL']);
        }
        const service = start();
        const api = await service.ready;
        await expectOneBranch(scene, api, await person.branch(api));
        await expectCleanEnd(scene, service);
      });
    },
    LONG_MS,
  );
});
