// Findings → the plan that a person reads. Pure: time and ids come in.
import { createHash } from 'node:crypto';
import type {
  Budgets,
  Finding,
  FindingCounts,
  Oid,
  Plan,
  PlannedTask,
  SprintId,
  TaskId,
  Verification,
} from '#contracts';
import { planHash } from '#domain';
import { areaOf, counted, groupBy, groupFindings, rankGroups, scoreOf, type RankedGroup } from './rank.js';

/** Where a path lies, as the scope sees it; `unnameable`: no agent may ever name it. */
export type Place = 'inside' | 'outside' | 'protected' | 'unnameable';

export interface PlanBasis {
  readonly planId: SprintId;
  readonly repository: Plan['repository'];
  readonly baseCommit: Oid;
  readonly scope: readonly string[];
  readonly placeOf: (path: string) => Place;
  readonly findings: readonly Finding[];
  readonly dismissed: ReadonlySet<string>;
  /** The agents that there are: kind → what a plan names it by, version included. */
  readonly agents: Readonly<Record<string, string>>;
  readonly grants: readonly string[];
  readonly knownBase?: Plan['knownBase'];
  readonly verification: Verification;
  readonly budgets: Budgets;
  readonly checkout: Plan['checkout'];
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly ttlMs: number;
}

export interface PlanWish extends PlanBasis {
  readonly maxTasks: number;
  readonly focus?: string;
}

/** A small sprint of what can be done for certain inside the scope; the rest is counted, not planned. */
export const buildPlan = (wish: PlanWish): Plan => {
  const groups = rankGroups(groupFindings(plannable(wish)), wish.maxTasks, wish.focus);
  const tasks = groups.map((group) => taskOf(group, wish));
  return assemble(wish, tasks, wish.focus === undefined ? {} : { focus: wish.focus });
};

/** A plan of one task that was settled before, with what is left of its findings at today's HEAD. */
export const followUp = (basis: PlanBasis, before: PlannedTask, follows: Plan['follows']): Plan => {
  const ids = new Set(before.evidence.map(({ findingId }) => findingId));
  const left = plannable(basis).filter(({ findingId }) => ids.has(findingId));
  const groups =
    left.length === 0
      ? []
      : [{ kind: before.kind, fixer: before.agent, area: areaOf(left[0]?.path ?? ''), findings: left }];
  const tasks = groups.map((group) => ({
    ...taskOf({ ...group, score: scoreOf(group) }, basis),
    title: before.title,
    instructions: before.instructions,
  }));
  return assemble(basis, tasks, follows === undefined ? {} : { follows });
};

const plannable = ({ findings, placeOf, dismissed, agents }: PlanBasis): Finding[] =>
  findings.filter(
    ({ findingId, path, fixer }) =>
      fixer !== undefined && Object.hasOwn(agents, fixer) && placeOf(path) === 'inside' && !dismissed.has(findingId),
  );

const assemble = (basis: PlanBasis, tasks: PlannedTask[], more: Pick<Partial<Plan>, 'focus' | 'follows'>): Plan => {
  const { planId, repository, baseCommit, scope, verification, budgets, checkout, now, ttlMs } = basis;
  const plan = {
    planId,
    repository,
    baseCommit,
    scope: [...scope],
    ...more,
    tasks,
    findings: countFindings(basis),
    verification,
    grants: [...basis.grants],
    ...(basis.knownBase === undefined ? {} : { knownBase: basis.knownBase }),
    budgets,
    estimate: { seconds: tasks.length * SECONDS_PER_TASK, cost: 0 },
    checkout,
    createdAt: new Date(now).toISOString(),
    expiresAt: new Date(now + ttlMs).toISOString(),
  };
  return { ...plan, planHash: planHash(plan) };
};

/** Without the verification, whose time nobody knows before it has run once. */
const SECONDS_PER_TASK = 2;

const TITLES: Record<PlannedTask['kind'], (count: string, where: string) => string> = {
  links: (count, where) => `Repair ${count} ${where}`,
  markdown: (count, where) => `Tidy the Markdown ${where} (${count})`,
  spelling: (count, where) => `Correct ${count} ${where}`,
  lint: (count, where) => `Mend ${count} ${where}`,
  todo: (count, where) => `Resolve ${count} ${where}`,
  coverage: (count, where) => `Test ${count} ${where}`,
};

const NOUNS: Record<PlannedTask['kind'], readonly [string, string]> = {
  links: ['broken link', 'broken links'],
  markdown: ['fault', 'faults'],
  spelling: ['misspelling', 'misspellings'],
  lint: ['lint fault', 'lint faults'],
  todo: ['note', 'notes'],
  coverage: ['poorly covered file', 'poorly covered files'],
};

const INSTRUCTIONS: Partial<Record<PlannedTask['kind'], string>> = {
  links: 'Point each link, image and anchor named in the evidence at its one possible target. Change nothing else.',
  markdown: 'Apply the fix of each rule named in the evidence. Change no words.',
  spelling: 'Correct exactly the words named in the evidence, keeping their case. Change nothing else.',
  lint: 'Apply the safe fix of each rule named in the evidence. Change no behaviour.',
};

const taskOf = (group: RankedGroup, { planId, verification, agents }: PlanBasis): PlannedTask => {
  const { kind, fixer, findings, score } = group;
  const paths = [...new Set(findings.map(({ path }) => path))].toSorted();
  const ids = findings.map(({ findingId }) => findingId).toSorted();
  const taskId = `t-${createHash('sha256')
    .update([planId, ...ids].join(' '))
    .digest('hex')
    .slice(0, 12)}` as TaskId;
  const [singular, plural] = NOUNS[kind];
  const count = `${findings.length} ${findings.length === 1 ? singular : plural}`;
  const folder = commonFolder(paths);
  const where =
    paths.length === 1 ? `in ${paths[0] ?? ''}` : folder === '' ? `in ${paths.length} files` : `in ${folder}/`;
  const commands = verification.commands.map(({ command }) => command);
  return {
    taskId,
    title: TITLES[kind](count, where).slice(0, 200),
    kind,
    rationale: rationaleOf(group, paths.length),
    evidence: findings.map(({ confidence: _sure, fixer: _fixer, ...evidence }) => evidence),
    paths,
    agent: fixer,
    agentDigest: agents[fixer] ?? fixer,
    instructions: INSTRUCTIONS[kind] ?? '',
    verification: [
      'the findings are gone and none were added',
      ...(commands.length > 0 ? commands : ['built-in gate only (weak)']),
    ],
    score: { total: score.total, parts: [...score.parts] },
  };
};

/** The deepest folder that holds all of them, so that tasks of one area can be told apart; '' is the root. */
const commonFolder = ([first = '', ...rest]: readonly string[]): string => {
  const shared = (parts: readonly string[], path: string) => {
    const others = path.split('/').slice(0, -1);
    const end = parts.findIndex((part, index) => part !== others[index]);
    return end === -1 ? parts : parts.slice(0, end);
  };
  return rest.reduce(shared, first.split('/').slice(0, -1)).join('/');
};

const rationaleOf = ({ findings, score }: RankedGroup, files: number): string => {
  const rules = [...groupBy(findings, ({ rule }) => rule)].toSorted(([, a], [, b]) => b.length - a.length);
  const named = rules
    .slice(0, 4)
    .map(([rule, of]) => `${rule} (${of.length})`)
    .join(', ');
  const why = score.parts[0]?.why ?? '';
  const extent = `${counted(findings.length, 'finding')} in ${counted(files, 'file')}`;
  return `${extent}: ${named}. Worth it because ${why}.`.slice(0, 2000);
};

/** What was found, where, and how much of it nobody here can do for certain. */
export const countFindings = (
  basis: Pick<PlanBasis, 'findings' | 'placeOf' | 'dismissed' | 'agents'>,
): FindingCounts => {
  const { findings, placeOf, dismissed, agents } = basis;
  const open = findings.filter(({ findingId }) => !dismissed.has(findingId));
  const inside = open.filter(({ path }) => placeOf(path) === 'inside');
  const bySource: FindingCounts['bySource'] = {};
  for (const { source, path } of open) {
    const counts = (bySource[source] ??= { total: 0, inScope: 0 });
    counts.total += 1;
    if (placeOf(path) === 'inside') counts.inScope += 1;
  }
  const tally = (place: Place, nameOf: (path: string) => string) =>
    [
      ...groupBy(
        open.filter(({ path }) => placeOf(path) === place),
        ({ path }) => nameOf(path),
      ),
    ]
      .map(([name, members]) => ({ name, count: members.length }))
      .toSorted((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
      .slice(0, 20);
  return {
    total: open.length,
    inScope: inside.length,
    needModel: inside.filter(({ fixer }) => fixer === undefined || !Object.hasOwn(agents, fixer)).length,
    dismissed: findings.length - open.length,
    bySource,
    outside: tally('outside', patternOf).map(({ name, count }) => ({ pattern: name, count })),
    protected: tally('protected', (path) => path).map(({ name, count }) => ({ path: name, count })),
  };
};

/** The pattern that would widen the scope to this file. */
const patternOf = (path: string): string => {
  const area = areaOf(path);
  return area === '.' ? path.replaceAll(/[*?[\]{}]/g, '?') : `${area}/**`;
};
