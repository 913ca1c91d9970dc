import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Plan, TaskId } from '#contracts';
import type { EventView, SprintView } from '../api.js';
import { clean } from '../text.js';
import { renderDiff } from './diff.js';
import { describe as told, renderEvent } from './event.js';
import { tellingLines } from './output-end.js';
import { renderPlan } from './plan.js';
import { allPassed, renderOutcome } from './sprint.js';
import { bytes, duration, plain, styleFor } from './style.js';
import { table } from './table.js';

const evidence = (line: number, excerpt: string) => ({
  findingId: `000000000000000${line}`,
  source: 'links',
  rule: 'broken-link',
  path: 'docs/index.md',
  range: { startLine: line, endLine: line },
  excerpt,
  message: 'There is no getting-started.md; guides/getting-started.md is the only file of that name.',
  how: 'links 1',
});

const plan = Plan.parse({
  planId: 'p-1',
  planHash: 'a'.repeat(64),
  repository: { repositoryId: 'r-1', path: '/srv/ledger', name: 'ledger' },
  baseCommit: 'b'.repeat(40),
  scope: ['docs/**', 'tests/**'],
  tasks: [
    {
      taskId: 'p-1-1',
      title: 'Repair 4 broken links',
      kind: 'links',
      rationale: 'Readers end up nowhere.',
      evidence: [1, 2, 3, 4].map((line) => evidence(line, `[start](getting-started.md) \u001b[2J${line}`)),
      paths: ['docs/index.md', 'docs/a.md', 'docs/b.md', 'docs/c.md'],
      agent: 'links',
      agentDigest: 'links@1',
      instructions: '',
      verification: ['npm test'],
      score: { total: 7, parts: [] },
    },
  ],
  findings: {
    total: 217,
    inScope: 4,
    needModel: 2,
    dismissed: 1,
    bySource: { links: { total: 4, inScope: 4 } },
    outside: [{ pattern: 'src/**', count: 213 }],
    protected: [{ path: 'docs/package.json', count: 2 }],
  },
  verification: {
    setup: [{ name: 'install', command: 'npm ci', origin: 'package-lock.json' }],
    commands: [{ name: 'test', command: 'npm test', origin: 'package.json scripts.test' }],
    weak: false,
    timeoutSeconds: 600,
    setupNetwork: false,
  },
  grants: [],
  budgets: { wallSeconds: 600, toolCalls: 100, attempts: 3 },
  estimate: { seconds: 75, cost: 0 },
  checkout: { branch: 'main', dirty: true },
  createdAt: '2026-01-01T00:00:00Z',
  expiresAt: '2026-01-02T00:00:00Z',
});

describe('a plan on the screen', () => {
  const lines = renderPlan(plan, plain, { evidence: 3, isolation: 'bwrap' });
  const text = lines.join('\n');

  it('cites where each task comes from, and says how much more there is', () => {
    expect(text).toContain('docs/index.md:1  broken-link');
    expect(text).toContain('│ [start](getting-started.md) 1');
    expect(text).toContain('… and 1 more');
    expect(text).toContain('docs/index.md, docs/a.md and 2 more files');
  });

  it('says what lies in protected files, and how to let a plan name them', () =>
    expect(renderPlan(plan, plain).join('\n')).toContain(
      "2 more in docs/package.json, which is protected: --grant 'docs/package.json'",
    ));

  it('says what may be spent before a task waits', () =>
    expect(text).toContain(
      'Budgets   each task 10 min of work, 100 tool calls, 3 attempts; then a task waits for you',
    ));

  it('says what lies outside the scope, and how to widen it', () => {
    expect(text).toContain("213 more in src/**: widen with --scope 'src/**'");
  });

  it('says what needs a model, what is verified and how it is confined, what it takes', () => {
    expect(text).toContain('2 in the scope need a model or a person');
    expect(text).toContain('npm test  from package.json scripts.test');
    expect(text).toContain('npm ci  from package-lock.json · network not granted');
    expect(text).toContain('isolated by bwrap');
    expect(text).toContain('about 1 min 15 s, no model, no cost');
  });

  it('says what an agent is given that is no fixer, and that its cost is not known', () => {
    const coder = { kind: 'coder', digest: 'coder@1', adapter: 'acp' as const, workplace: 'sandbox' as const };
    const shown = (agent: object) => renderPlan({ ...plan, agents: [{ ...coder, ...agent }] }, plain).join('\n');
    expect(shown({})).toContain('Agent     coder  acp, works in the sandbox, no network\n');
    const reaching = shown({ model: 'm-1', host: 'api.example', credential: 'API_KEY' });
    expect(reaching).toContain('may call model m-1 at api.example with the key in API_KEY\n');
    expect(reaching).toContain('about 1 min 15 s, cost not known beforehand');
  });

  it('says which tasks change the same file, why each has its agent, and what a person wanted to be different', () => {
    const [first] = plan.tasks;
    if (first === undefined) throw new Error('A task was expected.');
    const other = { ...first, taskId: TaskId.parse('p-1-2'), paths: ['docs/b.md'], overlaps: [first.taskId] };
    const choice = { why: 'It solved 4 of 5\u001b[2J such tasks.', candidates: [] };
    const changes = { taskId: TaskId.parse('t-9'), comment: 'Keep the\nanchor.' };
    const tasks = [{ ...first, overlaps: [other.taskId], choice, changes }, other];
    const shown = renderPlan({ ...plan, tasks }, plain).join('\n');
    expect(shown).toContain('overlaps with 2: both may change docs/b.md; their branches may conflict');
    expect(shown).toContain('overlaps with 1: both may change docs/b.md');
    expect(shown).toContain('links: It solved 4 of 5 such tasks.');
    expect(shown).toContain('changes Keep the anchor.');
    expect(text).not.toContain('overlaps with');
  });

  it('says what is known of its base: since when, and why it fails', () => {
    const at = '2026-01-01T00:00:00Z';
    const shown = (knownBase: Plan['knownBase']) => renderPlan({ ...plan, knownBase }, plain).join('\n');
    expect(shown({ outcome: 'passed', at })).toContain(`Base      passed its verification on ${at}\n`);
    expect(shown({ outcome: 'failed', at, reason: 'npm test\nfailed \u001b[2J' })).toContain(
      `Base      failed its verification on ${at}: npm test failed\n`,
    );
    expect(shown({ outcome: 'missing', at, reason: 'No sandbox.' })).toContain(
      `Base      could not be verified on ${at}: No sandbox.\n`,
    );
    expect(text).not.toContain('Base ');
  });

  it('says that HEAD has moved, and which planned files that touches', () => {
    const commit = 'd'.repeat(40);
    const shown = (head: { moved: boolean; changed: string[] }) =>
      renderPlan({ ...plan, head: { commit, ...head } }, plain).join('\n');
    expect(shown({ moved: true, changed: ['docs/a.md', 'docs/b.md'] })).toContain(
      'HEAD      has moved to dddddddddd; 2 planned files changed: docs/a.md, docs/b.md\n',
    );
    expect(shown({ moved: true, changed: [] })).toContain('has moved to dddddddddd; no planned file changed\n');
    expect(shown({ moved: false, changed: [] })).not.toContain('HEAD');
    expect(text).not.toContain('HEAD');
  });

  it('names the protected paths that it may change, if there are any', () => {
    expect(renderPlan({ ...plan, grants: ['package.json'] }, plain).join('\n')).toMatch(/Grants .*: package\.json\n/);
    expect(text).not.toContain('Grants');
  });

  it('warns of a dirty work tree, and of commands that nothing confines', () => {
    expect(text).toContain('not committed');
    expect(renderPlan(plan, plain, { evidence: 3, isolation: 'none' }).join('\n')).toContain('not isolated');
  });

  it('lets nothing through that a terminal would obey', () => {
    expect(clean(text)).toBe(text);
  });

  it('differs from its coloured self in colours alone', () => {
    expect(renderPlan(plan, styleFor(true), { evidence: 3, isolation: 'bwrap' }).map(stripVTControlCharacters)).toEqual(
      lines,
    );
  });
});

describe('an event on the screen', () => {
  const event = (type: string, data: EventView['data']): EventView => ({
    id: 'e',
    type,
    time: '2026-01-01T12:34:56.789Z',
    stream: 'task-t1',
    streamversion: '3',
    position: '9',
    actor: 'worker:w',
    taskid: 't1',
    data,
  });

  it('is one line: when, who, what', () => {
    const line = renderEvent(event('hyperrun.task.passed', { branch: 'hyper-run/t1', commit: 'c'.repeat(40) }), plain);
    expect(line).toBe('12:34:56.789  t1                passed: hyper-run/t1');
  });

  it('tells why the base fails in the words of its command', () => {
    const data = {
      outcome: 'failed',
      tree: 'a'.repeat(40),
      isolation: 'bwrap',
      weak: false,
      reused: false,
      steps: [
        {
          name: 'test',
          command: 'npm test',
          outcome: 'failed',
          exitCode: 1,
          durationMs: 1000,
          output: { tail: 'ok 1\nnot ok 2 - colours\u001b[2J\nok 3\n', bytes: 30 },
        },
      ],
    };
    const shown = (outcome: string) => renderEvent(event('hyperrun.sprint.base-verified', { ...data, outcome }), plain);
    expect(shown('failed').split('\n').slice(1)).toEqual(['              │ not ok 2 - colours']);
    expect(shown('passed')).not.toContain('\n');
  });

  it('stays one harmless line whatever an agent says', () => {
    const said = { attempt: 1, origin: 'reported', text: 'done\n12:00 root passed \u001b[32m\u202e' };
    expect(renderEvent(event('hyperrun.action.message-said', said), plain)).toMatch(/says: done 12:00 root passed$/);
  });

  it('of a newer service is told by its name', () => {
    expect(told({ type: 'hyperrun.task.teleported', data: {} })).toEqual(['plain', 'hyperrun.task.teleported']);
    expect(told({ type: 'hyperrun.task.passed', data: { no: 'branch' } })[0]).toBe('warning');
  });
});

describe('the outcome of a sprint', () => {
  const task = {
    taskId: 't1',
    title: 'Links',
    status: 'passed',
    outcome: 'passed',
    branch: 'hyper-run/t1',
    commit: 'c'.repeat(40),
    attempts: 1,
  };
  const failed = {
    taskId: 't2',
    title: 'Spelling',
    status: 'failed',
    outcome: 'failed',
    reason: 'npm test failed twice.',
    attempts: 2,
  };
  const sprint = (...tasks: SprintView['tasks']): SprintView => ({
    sprintId: 's1',
    status: 'completed',
    repository: { repositoryId: 'r', path: '/srv/ledger', name: 'ledger' },
    tasks,
    createdAt: '2026-01-01T00:00:00Z',
    completedAt: '2026-01-01T00:00:30Z',
    cursor: 'c',
  });

  it('names for each task what became of it and why, and how to merge', () => {
    const text = renderOutcome(sprint(task, failed), plain).join('\n');
    expect(text).toContain('✔ passed  Links');
    expect(text).toContain('hyper-run merge t1');
    expect(text).toContain('✘ failed  Spelling');
    expect(text).toContain('npm test failed twice.');
    expect(text).toContain('2 attempts');
  });

  it('names the way on for a task that failed or is blocked, and none for one that passed', () => {
    const blocked = { taskId: 't3', title: 'Lint', status: 'blocked', reason: 'The branch is there already.' };
    const text = renderOutcome(sprint(task, failed, blocked), plain).join('\n');
    expect(text).toContain('hyper-run retry t2');
    expect(text).toContain('hyper-run discard t3');
    expect(text).not.toMatch(/(retry|discard) t1/);
  });

  it('says so when nothing was kept', () => {
    expect(renderOutcome(sprint(failed), plain).join('\n')).toContain('Nothing was kept');
  });

  it('is done only when all that was approved was kept', () => {
    expect(allPassed(sprint(task, { ...failed, status: 'declined', outcome: 'declined' }))).toBe(true);
    expect(allPassed(sprint(task, failed))).toBe(false);
    expect(allPassed({ ...sprint(task), status: 'cancelled' })).toBe(false);
  });
});

describe('the output of a command that failed', () => {
  it('is told by the lines that its runner marks', () => {
    const output = 'ok 1 - a\nnot ok 2 - the page\n  error: no longer what is printed\n# tests 2\n# fail 1\n';
    expect(tellingLines(output)).toEqual(['not ok 2 - the page', 'error: no longer what is printed']);
  });

  it('is told by its end when nothing is marked', () => {
    expect(tellingLines('a\n\nb\nc\n', 2)).toEqual(['b', 'c']);
  });
});

describe('small things', () => {
  it('lines up columns, colours or not', () => {
    const { red } = styleFor(true);
    expect(
      table(
        ['A', 'B'],
        [
          [red('long'), 'x'],
          ['s', 'y'],
        ],
      ).map(stripVTControlCharacters),
    ).toEqual(['A     B', 'long  x', 's     y']);
    expect(table(['A'], [])).toEqual([]);
  });

  it.each([
    [820, '820 ms'],
    [12_300, '12 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
  ])('writes %i ms as %s', (ms, text) => expect(duration(ms)).toBe(text));

  it.each([
    [0, '0 B'],
    [1536, '1.5 KiB'],
    [5 * 1024 ** 3, '5.0 GiB'],
  ])('writes %i bytes as %s', (count, text) => expect(bytes(count)).toBe(text));

  it('shows a diff without its tricks', () => {
    expect(renderDiff('--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\u001b[2J\n', plain)).toEqual([
      '--- a/x',
      '+++ b/x',
      '@@ -1 +1 @@',
      '-a',
      '+b',
    ]);
  });
});
