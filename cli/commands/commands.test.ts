import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { runGit } from '#git';
import type { Address } from '../address.js';
import { hyperRun } from '../context.fixture.js';

interface Request {
  readonly route: string;
  readonly body: unknown;
  readonly key: unknown;
  readonly after: unknown;
}
type Answer = { readonly status?: number; readonly body: unknown } | { readonly events: readonly object[] };

let server: Server | undefined;
const seen: Request[] = [];
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  seen.length = 0;
});

/** A service that answers each route with what is next for it; the last answer stays. */
const serve = async (answers: Readonly<Record<string, readonly Answer[]>>): Promise<Address> => {
  const asked = new Map<string, number>();
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const route = `${request.method} ${request.url}`;
    const { 'idempotency-key': key, 'last-event-id': after } = request.headers;
    seen.push({ route, body: text === '' ? undefined : JSON.parse(text), key, after });
    const known = answers[route] ?? [];
    const count = asked.get(route) ?? 0;
    asked.set(route, count + 1);
    const answer = known[Math.min(count, known.length - 1)] ?? { status: 404, body: { status: 404 } };
    if ('events' in answer) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      answer.events.forEach((event, index) => response.write(`id: ${index}\ndata: ${JSON.stringify(event)}\n\n`));
      return;
    }
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  };
  const listening = createServer((request, response) => void handle(request, response));
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, token: 'secret' };
};

const repository = { repositoryId: 'r', path: '/nowhere/ledger', name: 'ledger' };
const sprint = (task: object, status = 'completed') => ({
  sprintId: 's2',
  status,
  repository,
  tasks: [{ taskId: 's2-1', title: 'Links', attempts: 1, sprintId: 's2', ...task }],
  createdAt: '2026-01-01T00:00:00Z',
  completedAt: status === 'completed' ? '2026-01-01T00:00:30Z' : undefined,
  cursor: 'later',
});
const passed = { status: 'passed', outcome: 'passed', branch: 'hyper-run/s2-1', commit: 'c'.repeat(40) };
const failed = { status: 'failed', outcome: 'failed', reason: 'npm test failed.' };

const event = (type: string, data: object) => ({
  id: type,
  type: `hyperrun.${type}`,
  time: '2026-01-01T00:00:00.000Z',
  stream: 'task-s2-1',
  streamversion: '1',
  position: '1',
  actor: 'system',
  taskid: 's2-1',
  data,
});
const completed = event('sprint.completed', {});
const blocked = event('task.blocked', { attempt: 1, kind: 'publishing', reason: 'The branch is there already.' });

const waiting = (why: object) => ({ taskId: 's2-1', title: 'Links', status: 'blocked', reason: 'Why.', blocked: why });

const NOT_READY = { status: 409, body: { status: 409, code: 'plan.not-ready', detail: 'Not yet.' } };
const retrying = (task: object, answers: readonly Answer[] = [], events: readonly object[] = [completed]) =>
  serve({
    'GET /health/ready': [{ body: { cursor: 'before' } }],
    'POST /hyper-running/tasks/s1-1/retry': [...answers, { status: 202, body: sprint(task, 'approved') }],
    'GET /events/stream?sprint=s2': [{ events }],
    'GET /hyper-running/sprints/s2': [{ body: sprint(task) }],
    'GET /hyper-running/sprints/s2/report': [{ body: { tasks: [] } }],
    'GET /hyper-running/tasks/s2-1': [{ body: waiting({ kind: 'publishing' }) }],
  });

describe('open', () => {
  const ticket = 'A'.repeat(43);
  const links = { 'POST /session/links': [{ status: 201, body: { path: `/enter#${ticket}` } }] };

  it('prints the link and nothing else', async () => {
    const address = await serve(links);
    expect(await hyperRun(['open'], address)).toEqual({
      code: 0,
      lines: [`${address.url}/enter#${ticket}`],
      notes: [],
    });
  });

  it('leads to a sprint that exists', async () => {
    const address = await serve({ ...links, 'GET /hyper-running/sprints/s2': [{ body: sprint(passed) }] });
    expect((await hyperRun(['open', 's2'], address)).lines).toEqual([`${address.url}/enter#${ticket}/sprints/s2`]);
    expect(await hyperRun(['open', 's3'], address)).toMatchObject({ code: 2, lines: [] });
  });

  it('does not print as a link what is none', async () => {
    const address = await serve({ 'POST /session/links': [{ status: 201, body: { path: '/enter#x y' } }] });
    expect(await hyperRun(['open'], address)).toMatchObject({ lines: [] });
  });
});

describe('discard', () => {
  it('gives up a blocked task, with a reason', async () => {
    const route = 'POST /hyper-running/tasks/s1-1/discard';
    const address = await serve({ [route]: [{ status: 202, body: {} }] });
    const { code, notes } = await hyperRun(['discard', 's1-1', '--reason', 'Not worth it.'], address);
    expect(code).toBe(0);
    expect(seen).toMatchObject([{ route, body: { reason: 'Not worth it.' } }]);
    expect(notes.join()).toContain('hyper-run retry s1-1');
  });

  it('says why it was refused for a task that is not blocked', async () => {
    const problem = { status: 409, code: 'task.not-blocked', detail: 'Only a blocked task can be discarded.' };
    const address = await serve({ 'POST /hyper-running/tasks/s1-1/discard': [{ status: 409, body: problem }] });
    expect(await hyperRun(['discard', 's1-1'], address)).toMatchObject({ code: 1, message: problem.detail });
  });
});

describe('retry', () => {
  it('follows the new sprint from before it began, and ends with 0 when the task was kept', async () => {
    const { code, lines, notes } = await hyperRun(['retry', 's1-1'], await retrying(passed));
    expect(code).toBe(0);
    expect(notes).toContain('Sprint s2 does it again.');
    expect(seen.find(({ route }) => route.includes('stream'))?.after).toBe('before');
    expect(lines.join('\n')).toContain('✔ passed  Links');
  });

  it('ends with 1 when the task was not kept, and names how to go on', async () => {
    const { code, lines } = await hyperRun(['retry', 's1-1'], await retrying(failed));
    expect(code).toBe(1);
    expect(lines.join('\n')).toContain('hyper-run retry s2-1');
  });

  it('asks again under the same id while the plan is being made', async () => {
    await hyperRun(['retry', 's1-1'], await retrying(passed, [NOT_READY, NOT_READY]));
    const keys = seen.filter(({ route }) => route.endsWith('/retry')).map(({ key }) => key);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });

  it('does not wait for the end when told so', async () => {
    const { code, notes } = await hyperRun(['retry', 's1-1', '--detach'], await retrying(passed));
    expect({ code, notes }).toEqual({ code: 0, notes: ['Running. hyper-run watch s2'] });
    expect(seen.some(({ route }) => route.includes('stream'))).toBe(false);
  });
});

describe('a task that is blocked while somebody watches', () => {
  it('is told with the way out, since the sprint cannot end by itself', async () => {
    const { lines, notes } = await hyperRun(['retry', 's1-1'], await retrying(passed, [], [blocked, completed]));
    expect(lines.join('\n')).toContain('blocked: The branch is there already.');
    expect(notes.join('\n')).toContain('hyper-run answer s2-1   try to make its branch again');
    expect(notes.join('\n')).toContain('hyper-run discard s2-1');
  });
});

describe('answer where nobody can be asked', () => {
  const question = { questionId: 'q-1', text: 'Which?', options: [{ id: 'left', label: 'The left one' }] };
  const route = 'POST /hyper-running/tasks/s2-1/answer';
  const asking = (why: object) =>
    serve({ 'GET /hyper-running/tasks/s2-1': [{ body: waiting(why) }], [route]: [{ status: 202, body: {} }] });
  const sent = () => seen.filter((request) => request.route === route).map(({ body }) => body);

  it('says which answers there are, and sends none', async () => {
    const { code, message } = await hyperRun(['answer', 's2-1'], await asking({ kind: 'question', question }));
    expect([code, sent()]).toEqual([2, []]);
    expect(message).toContain('hyper-run answer s2-1 --choice left   The left one');
  });

  it('answers exactly the question that is open', async () => {
    const address = await asking({ kind: 'question', question });
    expect((await hyperRun(['answer', 's2-1', '--choice', 'left'], address)).code).toBe(0);
    expect(sent()).toEqual([{ questionId: 'q-1', choice: 'left' }]);
  });

  it('grants more of a budget, and nothing that is no amount', async () => {
    const spent = { budget: 'tokens', of: 'task', limit: 10, used: 12 };
    const address = await asking({ kind: 'budget', spent });
    expect((await hyperRun(['answer', 's2-1', '--grant', 'much'], address)).code).toBe(2);
    expect((await hyperRun(['answer', 's2-1', '--grant', '500'], address)).code).toBe(0);
    expect(sent()).toEqual([{ grant: { amount: 500 } }]);
  });

  it('has a branch tried again without a word', async () => {
    const { code } = await hyperRun(['answer', 's2-1'], await asking({ kind: 'publishing' }));
    expect([code, sent()]).toEqual([0, [{}]]);
  });
});

/** A checkout with one commit, and a branch that is one commit ahead of it. */
const repositoryWithBranch = async (workTree: string, name: string) => {
  const gitDir = join(workTree, '.git');
  const config = { 'user.name': 'a', 'user.email': 'a@b.c' };
  const git = async (...args: string[]) =>
    (await runGit(args, { gitDir, workTree, config })).stdout.toString('utf8').trim();
  await runGit(['init', '--quiet', workTree]);
  await git('commit', '--quiet', '--allow-empty', '--message', 'one');
  const branch = await git('commit-tree', '-p', 'HEAD', '-m', 'two', 'HEAD^{tree}');
  await git('branch', name, branch);
  return { branch, head: () => git('rev-parse', 'HEAD') };
};

describe('merge where nobody can be asked', () => {
  const serving = (path = '/nowhere/ledger') =>
    serve({
      'GET /hyper-running/tasks/s2-1': [{ body: sprint(passed).tasks[0] }],
      'GET /hyper-running/sprints/s2': [{ body: { ...sprint(passed), repository: { ...repository, path } } }],
    });

  it('is refused as wrong usage, and says what would be run and how', async () => {
    const { code, message, lines } = await hyperRun(['merge', 's2-1'], await serving());
    expect(code).toBe(2);
    expect(message).toContain('hyper-run merge s2-1 --yes');
    expect(lines).toEqual(['git -C /nowhere/ledger merge hyper-run/s2-1']);
  });

  it('is done by git when --yes says so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hyper-run-merge-'));
    try {
      const { head, branch } = await repositoryWithBranch(folder, passed.branch);
      expect((await hyperRun(['merge', 's2-1', '--yes'], await serving(folder))).code).toBe(0);
      expect(await head()).toBe(branch);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('agents', () => {
  const kind = (name: string, more: object = {}) => ({ kind: name, planned: { adapter: 'acp', ...more } });
  const serving = () =>
    serve({
      'GET /agents': [{ body: { items: [{ id: 'coder-1', name: 'Coder', role: 'Codes', status: 'idle' }] } }],
      'GET /agents/kinds': [
        { body: { items: [kind('coder', { model: 'best', host: 'api.example.com' }), { ...kind('idle'), unusable: 'No program.' }] } }, // prettier-ignore
      ],
      'GET /agents/records': [{ body: { items: [{ agent: 'coder', kind: 'todo', passed: 3, tried: 4 }] } }],
    });

  it('shows the crew, and of each kind what it may call, what it has solved, and what keeps it from working', async () => {
    const { lines } = await hyperRun(['agents'], await serving());
    expect(lines.map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual([
      'AGENT | STATUS | ROLE | TASK',
      'coder-1 | idle | Codes',
      '',
      'KIND | HOW | CALLS | SOLVED | HERE',
      'coder | acp | best at api.example.com | todo 3 of 4 | ready',
      'idle | acp | nobody | never tried | No program.',
    ]);
  });

  it('says of one that failed too often until when it gets no work, and afterwards that one task may try', async () => {
    const none = [{ body: { items: [] } }];
    const shownUntil = async (circuitOpenUntil: number) => {
      const agent = { id: 'coder-1', name: 'Coder', role: 'Codes', status: 'idle', circuitOpenUntil };
      const routes = { 'GET /agents': [{ body: { items: [agent] } }], 'GET /agents/kinds': none, 'GET /agents/records': none }; // prettier-ignore
      return (await hyperRun(['agents'], await serve(routes))).lines[1];
    };
    expect(await shownUntil(Date.UTC(2999, 0, 1, 12))).toMatch(/idle, no work until 12:00:00 UTC/);
    server?.close();
    expect(await shownUntil(Date.UTC(2000, 0, 1, 12))).toMatch(/idle, half open: one task may try/);
  });
});

describe('request-changes', () => {
  it('sends the comment, and the agent that is to hear it', async () => {
    const route = 'POST /hyper-running/tasks/s1-1/request-changes';
    const address = await serve({
      'GET /health/ready': [{ body: { cursor: 'before' } }],
      [route]: [{ status: 202, body: sprint(passed, 'approved') }],
    });
    const words = ['request-changes', 's1-1', '-m', 'Keep the anchor.', '--agent', 'coder', '--detach'];
    expect(await hyperRun(words, address)).toMatchObject({ code: 0, notes: ['Running. hyper-run watch s2'] });
    expect(seen.find((one) => one.route === route)?.body).toEqual({ comment: 'Keep the anchor.', agent: 'coder' });
  });

  it('is wrong usage without a comment', async () =>
    expect((await hyperRun(['request-changes', 's1-1'], await serve({}))).code).toBe(2));
});

describe('integrate', () => {
  const merged = { status: 'integrated', taskIds: ['s2-1'], branch: 'hyper-run/sprint-s2', commit: 'c'.repeat(40) };
  const refused = {
    status: 'failed',
    taskIds: ['s2-1', 's2-2'],
    reason: 'These files cannot be merged: docs/a.md (s2-1 and s2-2).',
    conflicts: [{ path: 'docs/a.md', taskIds: ['s2-1', 's2-2'] }],
  };
  const serving = (integration: object, end: string, path = '/nowhere/ledger') =>
    serve({
      'POST /hyper-running/sprints/s2/integrate': [{ status: 202, body: sprint(passed) }],
      'GET /events/stream?sprint=s2': [{ events: [event(end, integration)] }],
      'GET /hyper-running/sprints/s2': [
        { body: { ...sprint(passed), repository: { ...repository, path }, integration } },
      ],
    });

  it('follows it to its end and names the branch', async () => {
    const address = await serving(merged, 'sprint.integrated');
    const { code, lines } = await hyperRun(['integrate', 's2', '--tasks', 's2-1'], address);
    expect(code).toBe(0);
    expect(seen[0]).toMatchObject({ body: { taskIds: ['s2-1'] } });
    expect(seen.find(({ route }) => route.includes('stream'))).toMatchObject({ after: 'later' });
    expect(lines.join('\n')).toMatch(/✔ merged {2}hyper-run\/sprint-s2 {2}cccccccc/);
  });

  it('ends with 1 where there is none, and names what conflicts', async () => {
    const { code, lines } = await hyperRun(['integrate', 's2'], await serving(refused, 'sprint.integration-failed'));
    expect(code).toBe(1);
    expect(lines.join('\n')).toContain('docs/a.md: conflict, s2-1, s2-2');
  });

  it('lets merge take the one branch instead of each of them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hyper-run-merge-'));
    try {
      const { head, branch } = await repositoryWithBranch(folder, merged.branch);
      const address = await serving(merged, 'sprint.integrated', folder);
      const { code, lines } = await hyperRun(['merge', 's2', '--yes'], address);
      expect({ code, lines }).toEqual({ code: 0, lines: [`git -C ${folder} merge hyper-run/sprint-s2`] });
      expect(await head()).toBe(branch);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('the help', () => {
  it('names discard and retry beside pause, resume and cancel', async () => {
    const text = (await hyperRun(['--help'])).lines.join('');
    const steps = /Step by step:([\s\S]*?)\n\n/.exec(text)?.[1] ?? '';
    expect(['pause', 'resume', 'cancel', 'discard', 'retry'].every((name) => steps.includes(`  ${name} `))).toBe(true);
  });
});
