import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SprintId } from '#contracts';
import { makeRepository } from '../../test/harness/repositories.js';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { ArtifactsModule } from '../artifacts/artifacts.module.js';
import { IsolationModule } from '../isolation/isolation.module.js';
import { OrchestratorModule } from '../orchestrator/orchestrator.module.js';
import { RepositoriesModule } from '../repositories/repositories.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { LiveWorld } from '../world/live-world.port.js';
import { WorldModule } from '../world/world.module.js';
import { SprintsModule } from './sprints.module.js';

interface Seen {
  readonly sprintId: SprintId;
  readonly planId: SprintId;
  readonly planHash: string;
  readonly code?: string;
  readonly tasks: readonly { readonly taskId: string }[];
}

describe('plans and sprints', () => {
  let rooms: Rooms;
  let folder: string;
  let plan: Seen;

  const send = async (path: string, key: string, body?: object) => {
    const headers = { 'idempotency-key': key, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await rooms.fetch(path, { method: 'POST', headers, ...sent });
    return { status: response.status, seen: (await response.json()) as Seen };
  };
  const completed = (id: SprintId) =>
    rooms.app.get(LiveWorld).until((world) => world.sprints.get(id)?.status === 'completed');

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hyper-run-sprints-'));
    await makeRepository(folder, 'pages', { 'docs/page.md': '# Page\n\nWe recieve the letters and read them.\n' });
    rooms = await openRooms({
      env: { HYPER_RUN_REPOSITORIES: folder },
      imports: [
        IsolationModule,
        ArtifactsModule,
        WorldModule,
        RepositoriesModule,
        SprintsModule,
        OrchestratorModule,
        TasksModule,
      ],
    });
    const wish = { repository: join(folder, 'pages'), scope: ['docs/**'] };
    plan = (await send('/hyper-running/plan', 'plan', wish)).seen;
    const approved = await send('/hyper-running/execute', 'approve', { planId: plan.planId, planHash: plan.planHash });
    expect(approved.status).toBe(202);
    await completed(plan.planId);
  });
  afterAll(async () => {
    await rooms.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('refuses a grant that no agent may name, and takes one that is a path', async () => {
    const wish = { repository: join(folder, 'pages'), scope: ['docs/**'] };
    const { planId, planHash } = (await send('/hyper-running/plan', 'edited', wish)).seen;
    const edit = async (grants: string[]) => {
      const headers = { 'content-type': 'application/json', 'if-match': `"${planHash}"` };
      const body = JSON.stringify({ grants });
      return rooms.fetch(`/hyper-running/plans/${planId}`, { method: 'PATCH', headers, body });
    };
    const refused = await edit(['../outside.md']);
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ code: 'scope.invalid-path' });
    expect((await edit(['docs/package.json'])).status).toBe(200);
  });

  it('give the same answer to the same wish to do a task again, while the follow-up runs and after it', async () => {
    const path = `/hyper-running/tasks/${plan.tasks[0]?.taskId ?? ''}/retry`;
    const first = await send(path, 'again');
    expect(first.status).toBe(202);
    expect(await send(path, 'again')).toEqual(first);
    await completed(first.seen.sprintId);
    expect(await send(path, 'again')).toEqual(first);
    const other = await send(path, 'another');
    expect(other.status).toBe(202);
    expect(other.seen.sprintId).not.toBe(first.seen.sprintId);
    await completed(other.seen.sprintId);
  });
});
