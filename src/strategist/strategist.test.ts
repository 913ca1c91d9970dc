import { describe, expect, it } from '@jest/globals';
import {
  Plan,
  type Finding,
  type Oid,
  type RepositoryId,
  type Sha256,
  type SprintId,
  type Verification,
} from '#contracts';
import { memoryTree } from '#findings';
import { buildPlan, countFindings, followUp, type PlanWish } from './build-plan.js';
import { proposedSprintSchema } from './proposed-sprint.port.js';
import { assign } from './choose-agent.js';
import { byWorth, groupFindings as groupAssigned, rankGroups } from './rank.js';
import { readRepositoryConfig } from './repository-config.port.js';
import { verificationOf } from './verification-of.js';

let count = 0;
const finding = (source: Finding['source'], path: string, more: Partial<Finding> = {}): Finding => ({
  findingId: (count += 1).toString(16).padStart(16, '0'),
  source,
  rule: `${source}-rule`,
  path,
  range: { startLine: 1, endLine: 1 },
  excerpt: 'x',
  message: 'm',
  how: 'h',
  confidence: 'certain',
  fixer: source,
  ...more,
});
const times = (number: number, make: (index: number) => Finding) =>
  Array.from({ length: number }, (_, index) => make(index));

const member = (kind: string, does: Finding['source'][] = []) => ({
  planned: {
    kind,
    digest: `${kind}@1`,
    adapter: does.length > 0 ? ('acp' as const) : ('built-in' as const),
    workplace: 'tree' as const,
  },
  does,
});
const FIXERS = Object.fromEntries(['links', 'markdown', 'spelling', 'lint'].map((kind) => [kind, member(kind)]));
const groupFindings = (findings: Finding[]) =>
  groupAssigned(findings.flatMap((one) => assign(one, { agents: FIXERS }) ?? []));

const verification: Verification = { setup: [], commands: [], weak: true, timeoutSeconds: 600, setupNetwork: false };
const wish = (findings: Finding[], more: Partial<PlanWish> = {}): PlanWish => ({
  planId: 'sprint-of-test' as SprintId,
  repository: { repositoryId: 'r' as RepositoryId, path: '/r', name: 'r' },
  baseCommit: '0'.repeat(40) as Oid,
  scope: ['docs/**'],
  placeOf: (path) => (path.startsWith('docs/') ? 'inside' : path.startsWith('ci/') ? 'protected' : 'outside'),
  findings,
  dismissed: new Set(),
  agents: FIXERS,
  grants: [],
  verification,
  budgets: { wallSeconds: 60, toolCalls: 100, attempts: 3 },
  checkout: { branch: 'main', dirty: false },
  now: 0,
  ttlMs: 1000,
  maxTasks: 3,
  ...more,
});

describe('findings that belong together', () => {
  it('are of one kind, one fixer and one area; at most 20 in at most 10 files', () => {
    const groups = groupFindings([
      ...times(25, (index) => finding('links', `docs/${index}.md`)),
      finding('spelling', 'docs/1.md'),
      finding('links', 'guides/1.md'),
    ]);
    expect(groups.map(({ kind, area, findings }) => `${kind} ${area} ${findings.length}`)).toEqual([
      'links docs 10',
      'links docs 10',
      'links docs 5',
      'spelling docs 1',
      'links guides 1',
    ]);
  });

  it('stay together within a file, so that no two branches change it', () => {
    const [only, ...rest] = groupFindings(times(90, () => finding('markdown', 'docs/a.md')));
    expect(rest).toEqual([]);
    expect(only?.findings).toHaveLength(60);
  });
});

describe('the order of tasks', () => {
  it('shows what there is, rather than three of a kind', () => {
    const ranked = rankGroups(
      groupFindings([
        ...times(30, (index) => finding('links', `docs/${index}.md`)),
        ...times(8, (index) => finding('spelling', `docs/s${index}.md`)),
      ]),
      3,
    );
    expect(ranked.map(({ kind }) => kind)).toEqual(['links', 'links', 'spelling']);
  });

  it('gives a file to one task alone, as long as there are others; the other task keeps its other files', () => {
    const groups = groupFindings([
      finding('links', 'docs/a.md'),
      finding('markdown', 'docs/a.md'),
      finding('markdown', 'docs/b.md'),
      finding('spelling', 'docs/a.md'),
    ]);
    const ranked = (limit: number) =>
      rankGroups(groups, limit).map(({ kind, findings }) => [kind, ...findings.map(({ path }) => path)]);
    const apart = [
      ['links', 'docs/a.md'],
      ['markdown', 'docs/b.md'],
    ];
    expect(ranked(2)).toEqual(apart);
    expect(ranked(3)).toEqual([...apart, ['spelling', 'docs/a.md']]);
    expect(ranked(9)).toEqual(ranked(3));
    const overlapping = rankGroups(groups, 3)[2]?.score.parts.find(({ name }) => name === 'overlap');
    expect(overlapping).toEqual({ name: 'overlap', value: 0.5, why: 'another task changes the same files' });
  });

  it('follows the focus, and says so', () => {
    const groups = groupFindings([finding('links', 'docs/a.md'), finding('spelling', 'docs/redis.md')]);
    const [first] = rankGroups(groups, 1, 'Redis, please');
    expect(first?.kind).toBe('spelling');
    expect(first?.score.parts.find(({ name }) => name === 'focus')).toEqual({
      name: 'focus',
      value: 3,
      why: 'matches redis',
    });
  });

  it('one by one: what hurts most and is surest first', () => {
    const all = [
      finding('todo', 'a'),
      finding('links', 'b', { confidence: 'possible' }),
      finding('markdown', 'c'),
      finding('links', 'd'),
      finding('markdown', 'b'),
    ];
    expect(byWorth(all).map(({ source, path }) => `${source} ${path}`)).toEqual([
      'links d',
      'links b',
      'markdown c',
      'markdown b',
      'todo a',
    ]);
  });

  it('explains every number: the parts multiply to the total', () => {
    const [group] = rankGroups(groupFindings(times(3, (index) => finding('links', `docs/${index}.md`))), 1);
    const product = group?.score.parts.reduce((total, { value }) => total * value, 1) ?? 0;
    expect(group?.score.total).toBeCloseTo(product, 1);
  });
});

describe('a plan', () => {
  const findings = [
    finding('links', 'docs/a.md'),
    finding('todo', 'docs/b.ts', { fixer: undefined }),
    finding('spelling', 'src/c.ts'),
    finding('spelling', 'README.md'),
    finding('links', 'docs/d.md'),
    finding('markdown', 'ci/e.md'),
  ];

  it('is valid, holds only what can be done inside the scope, and counts the rest', () => {
    const plan = buildPlan(wish(findings, { dismissed: new Set([findings[4]?.findingId ?? '']) }));
    expect(Plan.parse(plan)).toEqual(plan);
    expect(plan.tasks.map(({ title, paths, agent }) => [title, paths, agent])).toEqual([
      ['Repair 1 broken link in docs/a.md', ['docs/a.md'], 'links'],
    ]);
    expect(plan.tasks[0]?.rationale).toMatch(/^1 finding in 1 file: links-rule \(1\)\./);
    expect(plan.findings).toEqual({
      total: 5,
      inScope: 2,
      needModel: 1,
      dismissed: 1,
      bySource: {
        links: { total: 1, inScope: 1 },
        todo: { total: 1, inScope: 1 },
        spelling: { total: 2, inScope: 0 },
        markdown: { total: 1, inScope: 0 },
      },
      outside: [
        { pattern: 'README.md', count: 1 },
        { pattern: 'src/**', count: 1 },
      ],
      protected: [{ path: 'ci/e.md', count: 1 }],
    });
  });

  it('shows tasks that change the same file beside each other, and says so', () => {
    const beside = [
      finding('links', 'docs/a.md'),
      finding('links', 'docs/b.md'),
      finding('spelling', 'docs/c.md'),
      finding('markdown', 'docs/b.md'),
    ];
    const { tasks } = buildPlan(wish(beside));
    const [links, markdown, spelling] = tasks;
    expect(tasks.map(({ kind }) => kind)).toEqual(['links', 'markdown', 'spelling']);
    expect([links?.overlaps, markdown?.overlaps, spelling?.overlaps]).toEqual([
      [markdown?.taskId],
      [links?.taskId],
      undefined,
    ]);
  });

  it('is the same for the same findings, and another for another plan', () => {
    expect(buildPlan(wish(findings))).toEqual(buildPlan(wish(findings)));
    const other = buildPlan(wish(findings, { planId: 'other' as SprintId }));
    expect(other.tasks[0]?.taskId).not.toBe(buildPlan(wish(findings)).tasks[0]?.taskId);
  });

  it('has nothing to propose where nothing can be done for certain', () => {
    const plan = buildPlan(wish(findings, { agents: {} }));
    expect(plan.tasks).toEqual([]);
    expect(countFindings(wish(findings, { agents: {} })).needModel).toBe(3);
  });

  it('asks an agent that judges for what no fixer can do for certain, in small portions, and says so', () => {
    const agents = { ...FIXERS, coder: member('coder', ['todo']), other: member('other', ['todo', 'spelling']) };
    const notes = times(7, (index) => finding('todo', `docs/n${index}.ts`, { fixer: undefined }));
    const plan = buildPlan(wish([finding('links', 'docs/a.md'), ...notes], { agents, maxTasks: 2 }));
    expect(Plan.parse(plan)).toEqual(plan);
    expect(plan.tasks.map(({ kind, agent, evidence }) => [kind, agent, evidence.length])).toEqual([
      ['links', 'links', 1],
      ['todo', 'coder', 3],
    ]);
    expect(plan.tasks[1]?.rationale).toMatch(/No fixer knows the one right answer: coder is to judge\.$/);
    expect(plan.tasks[1]?.instructions).toMatch(/^Do what each note/);
    expect(plan.agents).toEqual([FIXERS['links']?.planned, agents.coder.planned]);
    expect(plan.findings.needModel).toBe(7);
    expect(plan.estimate.seconds).toBe(182);
  });

  it.each<[string, Finding['source'], string | undefined, string | undefined, string | undefined]>([
    ['the fixer that is certain', 'links', 'links', undefined, 'links'],
    ['the first that takes such findings', 'todo', undefined, undefined, 'coder'],
    ['the one that the repository chose', 'todo', undefined, 'other', 'other'],
    ['the one that the repository chose, also over a fixer', 'links', 'links', 'other', 'other'],
    ['nobody where the chosen one does not take such findings', 'spelling', 'spelling', 'coder', undefined],
    ['nobody where the chosen fixer has no answer', 'links', undefined, 'links', undefined],
    ['nobody where the chosen one is not there', 'todo', undefined, 'poet', undefined],
    ['nobody where none takes such findings', 'coverage', undefined, undefined, undefined],
  ])('is for %s', (_who, source, fixer, chosen, agent) => {
    const agents = { ...FIXERS, coder: member('coder', ['todo']), other: member('other', ['todo', 'links']) };
    const preferred = chosen === undefined ? {} : { [source]: chosen };
    expect(assign(finding(source, 'docs/a.md', { fixer }), { agents, preferred })?.agent).toBe(agent);
  });

  it('names who may take a task over: those of the list that take such findings, with what each is given', () => {
    const agents = { ...FIXERS, coder: member('coder', ['todo']), other: member('other', ['todo', 'links']) };
    const fallbacks = ['other', 'links', 'coder', 'poet', 'other'];
    const found = [finding('links', 'docs/a.md'), finding('todo', 'docs/b.ts', { fixer: undefined })];
    const plan = buildPlan(wish(found, { agents, fallbacks }));
    expect(Plan.parse(plan)).toEqual(plan);
    expect(plan.tasks.map(({ agent, fallbacks: own }) => [agent, own])).toEqual([
      ['links', ['other']],
      ['coder', ['other']],
    ]);
    expect(plan.agents?.map(({ kind }) => kind)).toEqual(['links', 'other', 'coder']);
    const [, before] = plan.tasks;
    if (before === undefined) throw new Error('a task was expected');
    const changes = { taskId: before.taskId, comment: 'Anew.' };
    expect(followUp(wish([], { agents }), { before, changes }).tasks[0]).not.toHaveProperty('fallbacks');
  });

  it('follows up on what is left of a task', () => {
    const [before] = buildPlan(wish(findings)).tasks;
    if (before === undefined) throw new Error('a task was expected');
    const again = followUp(wish(findings.slice(4)), { before: { ...before, title: 'Mine' }, follows: before.taskId });
    expect(again.tasks.map(({ title, paths }) => [title, paths])).toEqual([['Mine', ['docs/d.md']]]);
    expect(again.follows).toBe(before.taskId);
    expect(followUp(wish([]), { before, follows: before.taskId }).tasks).toEqual([]);
  });

  it('asks of several that judge the one with the best record, and says why', () => {
    const agents = { ...FIXERS, coder: member('coder', ['todo']), other: member('other', ['todo']) };
    const record = (agent: string, passed: number, tried: number) =>
      [`${agent} todo`, { agent, kind: 'todo' as const, passed, tried }] as const;
    const known = (...all: readonly ReturnType<typeof record>[]) => ({ records: new Map(all), open: new Map() });
    const chosen = (records: ReturnType<typeof known>) =>
      buildPlan(wish([finding('todo', 'docs/a.ts', { fixer: undefined })], { agents, records })).tasks[0];
    expect(chosen(known())?.agent).toBe('coder');
    expect(chosen(known(record('coder', 1, 4)))?.agent).toBe('other');
    const best = chosen(known(record('coder', 1, 4), record('other', 4, 5)));
    expect(best?.choice).toEqual({
      why: 'It solved 4 of 5 tasks of this kind so far; the others: coder 1 of 4.',
      candidates: [
        { agent: 'other', passed: 4, tried: 5 },
        { agent: 'coder', passed: 1, tried: 4 },
      ],
    });
    const fixer = buildPlan(wish([finding('links', 'docs/a.md')])).tasks[0]?.choice;
    expect(fixer?.why).toBe('It repairs these for certain, without a model.');
  });

  it('follows up on a comment, with all that the task was about, by an agent that a person chose', () => {
    const agents = { ...FIXERS, coder: member('coder', ['todo']) };
    const [before] = buildPlan(wish(findings)).tasks;
    if (before === undefined) throw new Error('a task was expected');
    const changes = { taskId: before.taskId, comment: 'Keep the anchor.', patch: 'a'.repeat(64) as Sha256 };
    const plan = followUp(wish([], { agents }), { before, follows: before.taskId, changes, agent: 'coder' });
    const [task] = plan.tasks;
    expect(Plan.parse(plan)).toEqual(plan);
    expect(task).toMatchObject({
      agent: 'coder',
      agentDigest: 'coder@1',
      changes,
      paths: before.paths,
      evidence: before.evidence,
      rationale: expect.stringContaining('Keep the anchor.'),
    });
    expect(task?.taskId).toBe(before.taskId);
    expect(plan.agents).toEqual([agents.coder.planned]);
    expect(() => followUp(wish([]), { before, changes, agent: 'poet' })).toThrow(
      expect.objectContaining({ code: 'agent.unknown' }),
    );
    const later = followUp(wish([], { planId: 'later' as SprintId }), { before, changes });
    expect(later.tasks[0]?.taskId).not.toBe(before.taskId);
  });

  it('has a published schema', () =>
    expect(proposedSprintSchema()).toMatchObject({
      type: 'object',
      required: expect.arrayContaining(['planHash', 'tasks']),
    }));
});

describe('verification', () => {
  const of = async (files: Record<string, string>, config = '{}') => {
    const { setup, commands, weak } = await verificationOf(memoryTree(files), readRepositoryConfig(config), 600);
    return { setup: setup.map(({ command }) => command), commands: commands.map(({ command }) => command), weak };
  };
  const manifest = (more: object) =>
    JSON.stringify({ scripts: { test: 'jest' }, devDependencies: { jest: '1' }, ...more });

  it.each<[string, Record<string, string>, string[], string[]]>([
    [
      'npm with a lockfile',
      { 'package.json': manifest({}), 'package-lock.json': '{}' },
      ['npm ci --ignore-scripts'],
      ['npm test'],
    ],
    ['npm without one', { 'package.json': manifest({}) }, ['npm install --ignore-scripts'], ['npm test']],
    ['npm without dependencies', { 'package.json': '{"scripts":{"test":"node --test"}}' }, [], ['npm test']],
    [
      'pnpm',
      { 'package.json': manifest({}), 'pnpm-lock.yaml': 'x' },
      ['pnpm install --frozen-lockfile --ignore-scripts'],
      ['pnpm test'],
    ],
    [
      'Yarn 1',
      { 'package.json': manifest({}), 'yarn.lock': 'x' },
      ['yarn install --frozen-lockfile --ignore-scripts'],
      ['yarn test'],
    ],
    [
      'Yarn 4',
      { 'package.json': manifest({ packageManager: 'yarn@4.1.0' }), 'yarn.lock': 'x' },
      ['yarn install --immutable --mode=skip-build'],
      ['yarn test'],
    ],
    ['Rust', { 'Cargo.toml': 'x' }, [], ['cargo test']],
    ['Go', { 'go.mod': 'x' }, [], ['go test -v ./...']],
    ['Python', { 'pyproject.toml': 'x', 'tests/test_a.py': 'x' }, [], ['python3 -m pytest -q']],
    ['make', { Makefile: 'all:\n\ntest: all\n\ttrue\n' }, [], ['make test']],
  ])('is derived for %s', async (_name, files, setup, commands) =>
    expect(await of(files)).toEqual({ setup, commands, weak: false }),
  );

  it.each<[string, Record<string, string>]>([
    ['nothing', { 'README.md': 'x' }],
    ["npm's placeholder", { 'package.json': '{"scripts":{"test":"echo \\"Error: no test specified\\" && exit 1"}}' }],
    ['a damaged manifest', { 'package.json': '{' }],
  ])('is weak where there is %s', async (_name, files) =>
    expect(await of(files)).toEqual({ setup: [], commands: [], weak: true }),
  );

  it('is what the repository says, if it says something', async () =>
    expect(await of({ 'go.mod': 'x' }, '{"verify":["./check"],"setup":["./prepare"]}')).toEqual({
      setup: ['./prepare'],
      commands: ['./check'],
      weak: false,
    }));

  it('names what is wrong in .hyper-run.json', () => {
    const invalid = (text: string, message: RegExp) =>
      expect(() => readRepositoryConfig(text)).toThrow(
        expect.objectContaining({ code: 'repository.invalid-config', message: expect.stringMatching(message) }),
      );
    invalid('{"verify":"x"}', /verify: /);
    invalid('{"vrify":[]}', /vrify/);
    invalid('{"agents":{"poems":"coder"}}', /agents: .*poems/);
    invalid('{"agents":{"todo":{"command":["sh"]}}}', /agents\.todo: /);
    invalid('{', /not JSON/);
    expect(readRepositoryConfig('{"scope":["docs/**"]}')).toEqual({ scope: ['docs/**'] });
  });
});
