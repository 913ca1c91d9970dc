import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BaseAgent, registerAgent, type AgentResult, type AgentTask, type Toolbox } from '#agents';
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

const heard: AgentTask['changes'][] = [];

/** Does as it is told: `letters → post`, in what the last candidate made of the page. */
class Scribe extends BaseAgent {
  readonly kind = 'scribe';
  readonly name = 'Scribe';
  readonly role = 'Writes what it is told to';
  override readonly understandsWords = true;

  protected async work({ paths: [path = ''], changes }: AgentTask, tools: Toolbox): Promise<AgentResult> {
    heard.push(changes);
    const [from = '', to = ''] = changes?.comment.split(' → ') ?? [];
    const text = await tools.read(path);
    await tools.write(path, text?.replace('recieve', 'receive').replace(from, to) ?? '');
    return { outcome: 'done', summary: 'As you wish.' };
  }
}

interface Seen {
  readonly sprintId: SprintId;
  readonly planId: SprintId;
  readonly planHash: string;
  readonly code?: string;
  readonly detail?: string;
  readonly plan?: { readonly follows?: string };
  readonly tasks: readonly { readonly taskId: string; readonly agent?: string }[];
}

describe('changes that a person requests', () => {
  let rooms: Rooms;
  let folder: string;
  let taskId: string;

  const send = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const response = await rooms.fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: response.status, seen: (await response.json()) as Seen };
  };
  const request = (body: object, what = 'request-changes') => send(`/hyper-running/tasks/${taskId}/${what}`, body);
  const completed = (id: SprintId) =>
    rooms.app.get(LiveWorld).until((world) => world.sprints.get(id)?.status === 'completed');

  beforeAll(async () => {
    registerAgent(() => new Scribe());
    folder = await mkdtemp(join(tmpdir(), 'hyper-run-changes-'));
    const repository = await makeRepository(folder, 'pages', {
      'docs/page.md': '# Page\n\nWe recieve the letters and read them.\n',
    });
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
    const { seen } = await send('/hyper-running/plan', { repository, scope: ['docs/**'] });
    await send('/hyper-running/execute', { planId: seen.planId, planHash: seen.planHash });
    await completed(seen.planId);
    taskId = seen.tasks[0]?.taskId ?? '';
  });
  afterAll(async () => {
    await rooms?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('are refused where nobody would hear them, and the error names who would', async () => {
    expect(await request({ comment: 'letters → post' })).toMatchObject({
      status: 422,
      seen: { code: 'task.changes-unheard', detail: expect.stringContaining('Name one that does: scribe.') },
    });
    expect(await request({ comment: 'x', agent: 'poet' })).toMatchObject({ seen: { code: 'agent.unknown' } });
    expect((await request({})).seen.code).toBe('request.invalid');
  });

  it('make a follow-up of one task, whose agent knows the comment and the last candidate', async () => {
    const { status, seen } = await request({ comment: 'letters → post', agent: 'scribe' });
    expect(status).toBe(202);
    await completed(seen.sprintId);
    expect(seen).toMatchObject({ plan: { follows: taskId }, tasks: [{ agent: 'scribe' }] });
    expect(heard).toMatchObject([
      { comment: 'letters → post', patch: expect.stringContaining('+We receive the letters and read them.') },
    ]);
    const diff = await (await rooms.fetch(`/hyper-running/tasks/${seen.tasks[0]?.taskId}/diff`)).text();
    expect(diff).toContain('+We receive the post and read them.');
  });

  it('are one way to another agent; doing it again by it is the other', async () => {
    const { status, seen } = await request({ agent: 'scribe' }, 'retry');
    expect(status).toBe(202);
    await completed(seen.sprintId);
    expect(seen.tasks).toMatchObject([{ agent: 'scribe' }]);
    expect(heard.at(-1)).toBeUndefined();
  });
});
