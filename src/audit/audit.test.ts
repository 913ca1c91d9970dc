import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SprintId } from '#contracts';
import { git, makeRepository } from '../../test/harness/repositories.js';
import { openRooms, type Rooms } from '../../test/harness/rooms.js';
import { ArtifactsModule } from '../artifacts/artifacts.module.js';
import { IsolationModule } from '../isolation/isolation.module.js';
import { OrchestratorModule } from '../orchestrator/orchestrator.module.js';
import { RepositoriesModule } from '../repositories/repositories.module.js';
import { SprintsModule } from '../sprints/sprints.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { LiveWorld } from '../world/live-world.port.js';
import { WorldModule } from '../world/world.module.js';
import { AuditModule } from './audit.module.js';
import type { Report, VerifiedSprint } from './report.schema.js';

type Verified = ReturnType<(typeof VerifiedSprint)['parse']>;

/** Its verification pins one misspelling: the task that mends it fails, the one for the link passes. */
const PINNED = {
  'docs/words.md': '# Words\n\nYou will recieve a map.\n',
  'docs/index.md': '# Atlas\n\nBegin with the [first steps](first-steps.md).\n',
  'docs/guide/first-steps.md': '# First steps\n\nOpen the atlas.\n',
  'check.sh':
    'seq 1 20 | sed "s/^/line /"\ngrep -q rec[i]eve docs/words.md && exit 0\necho The words must stay.\nexit 3\n',
  '.hyper-run.json': '{ "verify": ["sh check.sh"] }\n',
};

describe('the audit of a sprint', () => {
  let rooms: Rooms;
  let folder: string;
  let repository: string;
  let path: string;

  const get = async <Body>(tail: string): Promise<Body> => {
    const response = await rooms.fetch(path + tail);
    expect(response.status).toBe(200);
    return (await response.json()) as Body;
  };
  const post = async (to: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const response = await rooms.fetch(to, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await response.json()) as { planId: SprintId; planHash: string };
  };
  const report = () => get<Report>('/report');
  const verify = () => get<Verified>('/verify');
  const published = async () => {
    const { branch = '', commit = '' } = (await report()).tasks.find(({ outcome }) => outcome === 'passed') ?? {};
    return { branch, commit, message: await git(repository, 'log', '-1', '--format=%B', branch) };
  };
  /** The branch names a commit of the same tree with this message. */
  const amend = async (branch: string, message: string): Promise<string> => {
    const commit = await git(repository, 'commit-tree', `${branch}^{tree}`, '-p', `${branch}^`, '-m', message);
    await git(repository, 'update-ref', `refs/heads/${branch}`, commit);
    return commit;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hyper-run-audit-'));
    repository = await makeRepository(folder, 'pages', PINNED);
    rooms = await openRooms({
      env: { HYPER_RUN_REPOSITORIES: folder, HYPER_RUN_ALLOW_UNCONFINED: 'true', HYPER_RUN_ATTEMPTS: '1' },
      imports: [
        IsolationModule,
        ArtifactsModule,
        WorldModule,
        RepositoriesModule,
        SprintsModule,
        OrchestratorModule,
        TasksModule,
        AuditModule,
      ],
    });
    const { planId, planHash } = await post('/hyper-running/plan', { repository, scope: ['docs/**'] });
    path = `/hyper-running/sprints/${planId}`;
    await post('/hyper-running/execute', { planId, planHash });
    await rooms.app.get(LiveWorld).until((world) => world.sprints.get(planId)?.status === 'completed');
  }, 60_000);
  afterAll(async () => {
    await rooms?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('reports of a failed task the sentence that says why, and the end of what the command said', async () => {
    const { tasks } = await report();
    const failed = tasks.find(({ agent }) => agent === 'spelling');
    expect(failed).toMatchObject({ outcome: 'failed', reason: '"sh check.sh" failed with exit code 3.' });
    const lines = failed?.outputTail?.trimEnd().split('\n') ?? [];
    expect(lines.at(-1)).toBe('The words must stay.');
    expect(lines).toContain('line 20');
    expect(lines).not.toContain('line 5');
    const passed = tasks.find(({ agent }) => agent === 'links');
    expect(passed).toMatchObject({ outcome: 'passed', reason: 'It passed the scope gate and its verification.' });
    expect(passed?.outputTail).toBeUndefined();
  });

  it('says the same in Markdown', async () => {
    const text = await (await rooms.fetch(`${path}/report?format=markdown`)).text();
    expect(text).toMatch(/^# Sprint .*: 1 of 2 tasks passed/);
    expect(text).toContain('failed: "sh check.sh" failed with exit code 3.');
    expect(text).toMatch(/line 20\nThe words must stay\.\n+```/);
    expect(text).toContain(`Branch \`${(await published()).branch}\``);
  });

  it('tells its history, and that of a task, as one sequence of JSON texts as it does in pages', async () => {
    const { tasks } = await report();
    for (const place of [path, `/hyper-running/tasks/${tasks[0]?.taskId}`]) {
      const items: unknown[] = [];
      for (let after: string | undefined = '0'; after !== undefined;) {
        const page: { items: unknown[]; next?: string } = await (
          await rooms.fetch(`${place}/events?limit=7&after=${after}`)
        ).json();
        items.push(...page.items);
        after = page.next;
      }
      const sequence = await rooms.fetch(`${place}/events`, { headers: { accept: 'application/json-seq' } });
      expect(sequence.headers.get('content-type')).toBe('application/json-seq');
      const texts = (await sequence.text()).split('\n');
      expect(texts.pop()).toBe('');
      expect(texts.every((text) => text.startsWith('\u001E'))).toBe(true);
      expect(texts.map((text): unknown => JSON.parse(text.slice(1)))).toEqual(items);
    }
  });

  it('refuses the sequence of a sprint that does not exist', async () => {
    const headers = { accept: 'application/json-seq' };
    const answer = await rooms.fetch('/hyper-running/sprints/nobody/events', { headers });
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: 'sprint.unknown' }]);
  });

  it('finds the seals of the log and of the commit as they were made', async () => {
    expect(await verify()).toMatchObject({ valid: true, problems: [], commits: 1 });
  });

  it('names the commit whose seal was altered, until it is put right', async () => {
    const { branch, commit, message } = await published();
    const [, stream = '', hash = ''] = /^HyperRun-Seal: (\S+)@\d+ ([0-9a-f]{64})$/m.exec(message) ?? [];
    const forged = await amend(branch, message.replace(hash, 'f'.repeat(64)));
    const { valid, problems } = await verify();
    expect(valid).toBe(false);
    expect(problems).toMatchObject([{ kind: 'head', stream }]);
    expect(problems[0]?.text).toContain(`commit ${forged.slice(0, 12)} on ${branch}`);
    await git(repository, 'update-ref', `refs/heads/${branch}`, commit);
    expect(await verify()).toMatchObject({ valid: true, problems: [], commits: 1 });
  });

  it('takes an amended commit with its seal, and work of a person on top of it', async () => {
    const { branch, commit, message } = await published();
    await amend(branch, message.replace(/^.*/, 'In better words'));
    expect(await verify()).toMatchObject({ valid: true, commits: 2 });
    await git(repository, 'update-ref', `refs/heads/${branch}`, commit);
    const above = await git(repository, 'commit-tree', `${commit}^{tree}`, '-p', commit, '-m', 'My own words');
    await git(repository, 'update-ref', `refs/heads/${branch}`, above);
    expect(await verify()).toMatchObject({ valid: true, commits: 1 });
  });
});
