import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { FAILPOINTS, type Failpoint } from '../../src/config/failpoint.js';
import type { Api } from '../harness/api.js';
import { approvalOf, propose, type PlanAnswer } from '../harness/sprints.js';
import { expectSound, inScene, type Scene } from './survival.js';

const LONG_MS = 120_000;

/** Deaths in a row, each at the next place that the sprint comes to after the start that follows the one before. */
const ROWS: readonly (readonly Failpoint[])[] = [
  [
    'command.decided',
    'command.appended',
    'analysis.claimed',
    'analysis.before-propose',
    'orchestrator.before-step',
    'orchestrator.after-step',
  ],
  ['base.claimed', 'base.before-record', 'task.claimed', 'task.agent-done', 'task.candidate-built'],
  ['task.candidate-collected', 'task.gate-passed', 'task.verified', 'task.commit-made'],
  ['task.pack-stored', 'task.publish-decided', 'task.objects-imported', 'task.branch-published'],
];

/** A request that the service may die of: then it is sent to the next one, under the same key. */
const insist = async <T>(send: () => Promise<T>): Promise<T | undefined> => send().catch(() => undefined);

describe('a service that is killed at a failpoint', () => {
  it('is killed at each of them by one of these tests, or of those in integration.test.ts and long/archive.test.ts', () => {
    const others = FAILPOINTS.filter((name) => !/^(integration|archive)\./.test(name));
    expect(ROWS.flat().toSorted()).toEqual(others.toSorted());
  });

  it.each(ROWS.map((row) => [row.join(', '), row] as const))(
    'goes on after %s: one result per task, sealed, as replayed',
    async (_, row) => {
      await inScene(async (scene, start) => {
        let plan: PlanAnswer | undefined;
        const key = randomUUID();
        for (const failpoint of row) {
          const service = start({ HYPER_RUN_FAILPOINT: failpoint });
          const api = await service.ready.catch(() => undefined);
          if (api !== undefined) plan = await push(scene, api, key, plan);
          expect([failpoint, (await service.ended).signal]).toEqual([failpoint, 'SIGKILL']);
        }
        const service = start();
        plan = await push(scene, await service.ready, key, plan);
        await expectSound(scene, service, plan?.planId ?? '');
      });
    },
    LONG_MS,
  );
});

/** What the person does: asks for a plan and approves it, each under a key, so that it can be sent again. */
const push = async (
  { repository }: Scene,
  api: Api,
  key: string,
  known?: PlanAnswer,
): Promise<PlanAnswer | undefined> => {
  const plan = known ?? (await insist(() => propose(api, { repository }, { 'idempotency-key': `plan-${key}` })));
  if (plan === undefined) return undefined;
  await insist(() => api.post('/hyper-running/execute', approvalOf(plan), { 'idempotency-key': `run-${key}` }));
  return plan;
};
