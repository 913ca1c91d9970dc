import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startRedisServer, type RedisServer } from '../../../libs/event-store/test/redis-server.js';
import { withAgents } from '../../harness/agents.js';
import type { Api } from '../../harness/api.js';
import { exportSprint } from '../../harness/audit.js';
import { LiveEvents } from '../../harness/events.js';
import { MessageClient } from '../../harness/messages.js';
import { openPlace, type Place } from '../../harness/place.js';
import { hashOf, taskOfNext, teller } from '../../harness/remote-agent.js';
import { makeRepository, ourBranches } from '../../harness/repositories.js';
import { launch, type Service, type Settings } from '../../harness/service.js';
import { approve, completed, outcomesOf, propose } from '../../harness/sprints.js';

const TOKEN = 'a-token-that-only-the-agent-knows-1';
const FILES = {
  'docs/index.md': '# Atlas <!-- TODO: remove this note -->\n',
  '.hyper-run.json': '{ "verify": ["test -s docs/index.md"] }\n',
};
const MENDED = { tool: 'write', input: { path: 'docs/index.md', content: '# Atlas\n' } };

describe('a remote agent in the middle of a task', () => {
  let redis: RedisServer;
  let place: Place;
  let settings: Settings;
  let services: Service[];
  let worker: Service;
  let api: Api;
  let messages: MessageClient;
  let live: LiveEvents;

  beforeAll(async () => {
    redis = await startRedisServer('--appendfsync', 'always');
    const troubles = { HYPER_RUN_STALLED_SECONDS: '2', HYPER_RUN_TROUBLES: 'stalled=retry' };
    place = await openPlace({ REDIS_URL: `unix://${redis.path}`, ...troubles });
    settings = await withAgents(place, { mine: { type: 'remote', tokenHash: hashOf(TOKEN) } });
    const desk = launch(place, { ...settings, HYPER_RUN_ROLES: 'api,orchestrator' });
    services = [desk];
    api = await desk.ready;
    live = await LiveEvents.open(api);
    messages = new MessageClient(redis.path);
    await startWorker();
  }, 60_000);
  afterAll(async () => {
    live?.close();
    messages?.close();
    await Promise.all((services ?? []).map((service) => service.stop()));
    await redis?.end();
    await place?.remove();
  });

  const tell = teller(() => messages, 'mine-1', TOKEN);
  const startWorker = async () => {
    worker = launch(place, { ...settings, HYPER_RUN_ROLES: 'worker' });
    services.push(worker);
    // It is ready, and has no address to be called at.
    await expect(worker.ready).rejects.toThrow('service.json names process');
  };
  const begun = async (name: string) => {
    const repository = await makeRepository(place.repositories, name, FILES);
    const next = tell('next', { waitSeconds: 25 });
    const plan = await propose(api, { repository });
    await approve(api, plan);
    const { taskId, attempt } = taskOfNext(await next);
    await tell('act', { taskId, attempt, ...MENDED });
    return { repository, sprintId: plan.planId, first: { taskId, attempt } };
  };
  const finished = async ({ repository, sprintId, first }: Awaited<ReturnType<typeof begun>>) => {
    const { taskId, attempt } = taskOfNext(await tell('next', { waitSeconds: 25 }));
    expect({ taskId, attempt }).toEqual({ ...first, attempt: 2 });
    await expect(tell('submit', { ...first, summary: 'Done.' })).rejects.toMatchObject({ code: 'task.lost' });
    expect(await tell('act', { taskId, attempt, tool: 'read', input: { path: 'docs/index.md' } })).toMatchObject({
      text: FILES['docs/index.md'],
    });
    await tell('act', { taskId, attempt, ...MENDED });
    await tell('submit', { taskId, attempt, summary: 'Done.' });
    expect(outcomesOf(await completed(api, sprintId))).toEqual(['mine passed']);
    expect(await ourBranches(repository)).toHaveLength(1);
    expect((await exportSprint(api, sprintId)).verified.valid).toBe(true);
  };

  it('begins anew when its worker is killed, and what it says of the attempt before is refused', async () => {
    const task = await begun('killed');
    await worker.kill();
    await startWorker();
    await live.wait('task.attempt-interrupted', task.first.taskId);
    await finished(task);
  });

  it('is stalled when it falls silent, and loses its attempt where the plan has it tried again', async () => {
    const task = await begun('silent');
    await live.wait('task.stalled', task.first.taskId);
    const interrupted = await live.wait('task.attempt-interrupted', task.first.taskId);
    expect(interrupted.data).toMatchObject({ trouble: 'stalled', attempt: 1 });
    await finished(task);
  });
});
