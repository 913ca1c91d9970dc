import { describe, expect, it } from '@jest/globals';
import { approvalOf, completed, propose } from '../../harness/sprints.js';
import { expectSound, inScene } from '../survival.js';

describe('a service that is killed while it archives', () => {
  it('goes on after every step: archived once, nothing lost, sealed, as replayed', async () => {
    await inScene(async (scene, start) => {
      const first = start({ HYPER_RUN_ARCHIVE_AFTER: 'never' });
      const api = await first.ready;
      const plan = await propose(api, { repository: scene.repository });
      await api.post('/hyper-running/execute', approvalOf(plan));
      await completed(api, plan.planId);
      await first.stop();
      for (const failpoint of ['archive.written', 'archive.recorded', 'archive.trimmed']) {
        const service = start({ HYPER_RUN_ARCHIVE_AFTER: '0s', HYPER_RUN_FAILPOINT: failpoint });
        expect([failpoint, (await service.ended).signal]).toEqual([failpoint, 'SIGKILL']);
      }
      const last = start({ HYPER_RUN_ARCHIVE_AFTER: '0s' });
      const { body } = await (
        await last.ready
      ).get<{ items: { type: string }[] }>(`/hyper-running/sprints/${plan.planId}/events?limit=1000`);
      expect(body.items.filter(({ type }) => type === 'hyperrun.sprint.archived')).toHaveLength(1);
      await expectSound(scene, last, plan.planId);
    });
  }, 120_000);
});
