// Findings → the plan that a person reads. Pure: time and ids come in.
import { createHash } from 'node:crypto';
import {
  Evidence,
  HyperRunError,
  type AgentChoice,
  type Budgets,
  type Finding,
  type FindingCounts,
  type Oid,
  type Plan,
  type PlannedTask,
  type RequestedChanges,
  type SprintId,
  type TaskId,
  type Verification,
} from '#contracts';
import { agentsNamed, besideOverlapping, estimatedSeconds, planHash, withOverlaps } from '#domain';
import { assign, choiceOf, fallbacksOf, type Assigned, type Crew } from './choose-agent.js';
import { areaOf, counted, groupBy, groupFindings, rankGroups, scoreOf, type RankedGroup } from './rank.js';

/** Where a path lies, as the scope sees it; `unnameable`: no agent may ever name it. */
export type Place = 'inside' | 'outside' | 'protected' | 'unnameable';

export interface PlanBasis extends Crew {
  readonly planId: SprintId;
  readonly repository: Plan['repository'];
  readonly baseCommit: Oid;
  readonly scope: readonly string[];
  readonly placeOf: (path: string) => Place;
  readonly findings: readonly Finding[];
  readonly dismissed: ReadonlySet<string>;
  readonly grants: readonly string[];
  readonly knownBase?: Plan['knownBase'];
  readonly verification: Verification;
  readonly budgets: Budgets;
  /** Where they are others than usual. */
  readonly troubles?: Plan['troubles'];
  readonly checkout: Plan['checkout'];
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly ttlMs: number;
}

export interface PlanWish extends PlanBasis {
  readonly maxTasks: number;
  readonly focus?: string;
}

/** A small sprint of what an agent here can do inside the scope; the rest is counted, not planned. */
export const buildPlan = (wish: PlanWish): Plan => planOfTasks(wish, rankedTasks(wish, wish.maxTasks));

/** So many tasks that could be planned, the best first. */
export const rankedTasks = (wish: PlanWish, most: number): PlannedTask[] =>
  rankGroups(groupFindings(plannable(wish)), most, wish.focus).map((group) => taskOf(group, wish));

/** The plan of these tasks; `worded` where a model chose and worded them. */
export const planOfTasks = (
  wish: PlanWish,
  tasks: readonly PlannedTask[],
  worded?: NonNullable<Plan['worded']>,
): Plan =>
  assemble(wish, withOverlaps(besideOverlapping([...tasks])), {
    ...(wish.focus === undefined ? {} : { focus: wish.focus }),
    ...(worded === undefined ? {} : { worded }),
  });

/** A settled task that is to be done again, and what is to be different. */
export interface Again {
  readonly before: PlannedTask;
  readonly follows?: Plan['follows'];
  readonly changes?: RequestedChanges;
  /** Kind of the agent that a person wants. */
  readonly agent?: string;
}

/**
 * A plan of one task that was settled before, at today's HEAD: with what is left of its findings or, where a person wants
 * its candidate changed, with all that it was about. Without a task where nothing is left to do.
 */
export const followUp = (basis: PlanBasis, again: Again): Plan => {
  const { before, follows } = again;
  const ids = new Set(before.evidence.map(({ findingId }) => findingId));
  const left = open(basis).filter(({ findingId }) => ids.has(findingId));
  const changes = again.changes ?? before.changes;
  const task = changes === undefined ? repeated(basis, again, left) : changed(basis, again, left, changes);
  return assemble(basis, task === undefined ? [] : [task], follows === undefined ? {} : { follows });
};

const repeated = (basis: PlanBasis, again: Again, left: readonly Finding[]): PlannedTask | undefined => {
  const { before } = again;
  const [first] = left;
  const chosen = agentAgain(basis, again) ?? (first === undefined ? undefined : assign(first, basis)?.agent);
  if (first === undefined || chosen === undefined) return undefined;
  const certain = left.every(({ fixer }) => fixer === chosen);
  const findings = left.map((finding) => ({ ...finding, agent: chosen, certain }));
  const group = { kind: before.kind, agent: chosen, certain, area: areaOf(first.path), findings };
  const { title, instructions } = before;
  const task = { ...taskOf({ ...group, score: scoreOf(group) }, basis), title, instructions };
  return { ...task, choice: choiceAgain(again, chosen, task.choice) };
};

const changed = (
  basis: PlanBasis,
  again: Again,
  left: readonly Finding[],
  changes: RequestedChanges,
): PlannedTask | undefined => {
  const { before } = again;
  const paths = before.paths.filter((path) => basis.placeOf(path) === 'inside');
  const agent = agentAgain(basis, again);
  if (paths.length === 0 || agent === undefined) return undefined;
  const { overlaps: _overlaps, fallbacks: _fallbacks, ...kept } = before;
  const evidence = left.length === 0 ? before.evidence : left.map(evidenceIn);
  return {
    ...kept,
    taskId: taskIdOf(basis.planId, evidence),
    rationale: `A person wants changes to what task ${changes.taskId} made: ${changes.comment}`.slice(0, 2000),
    evidence,
    paths,
    agent,
    agentDigest: basis.agents[agent]?.planned.digest ?? agent,
    ...fallbacksOf(before.kind, agent, basis),
    verification: measuresOf(basis.verification),
    choice: choiceAgain(again, agent, before.choice),
    changes,
  };
};

const choiceAgain = ({ agent, before }: Again, chosen: string, choice?: AgentChoice): AgentChoice => {
  const candidates = choice?.candidates ?? [];
  if (agent !== undefined) return { why: 'A person chose it.', candidates };
  return choice === undefined || chosen === before.agent ? { why: 'It did the task before.', candidates } : choice;
};

/** The one that a person wants, else the one that did it before; undefined where that is not there any more. */
const agentAgain = ({ agents }: Crew, { agent, before }: Again): string | undefined => {
  const wanted = agent ?? before.agent;
  if (Object.hasOwn(agents, wanted)) return wanted;
  if (agent === undefined) return undefined;
  throw new HyperRunError('agent.unknown', `There is no agent "${agent}" here.`);
};

/** What may be planned at all, whoever is to do it. */
const open = ({ findings, placeOf, dismissed }: PlanBasis): Finding[] =>
  findings.filter(({ findingId, path }) => placeOf(path) === 'inside' && !dismissed.has(findingId));

const plannable = (basis: PlanBasis): Assigned[] => open(basis).flatMap((finding) => assign(finding, basis) ?? []);

const assemble = (
  basis: PlanBasis,
  tasks: PlannedTask[],
  more: Pick<Partial<Plan>, 'focus' | 'follows' | 'worded'>,
): Plan => {
  const { planId, repository, baseCommit, scope, verification, budgets, checkout, now, ttlMs } = basis;
  const agents = agentsNamed(tasks).flatMap((kind) => basis.agents[kind]?.planned ?? []);
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
    ...(basis.troubles === undefined ? {} : { troubles: basis.troubles }),
    agents,
    estimate: { seconds: estimatedSeconds(tasks, agents), cost: 0 },
    checkout,
    createdAt: new Date(now).toISOString(),
    expiresAt: new Date(now + ttlMs).toISOString(),
  };
  return { ...plan, planHash: planHash(plan) };
};

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

const CERTAIN: Partial<Record<PlannedTask['kind'], string>> = {
  links: 'Point each link, image and anchor named in the evidence at its one possible target. Change nothing else.',
  markdown: 'Apply the fix of each rule named in the evidence. Change no words.',
  spelling: 'Correct exactly the words named in the evidence, keeping their case. Change nothing else.',
  lint: 'Apply the safe fix of each rule named in the evidence. Change no behaviour.',
};

const TO_BE_JUDGED: Partial<Record<PlannedTask['kind'], string>> = {
  links:
    'Point each link named in the evidence at what its author meant; where nothing fits, keep the words and drop the link.',
  markdown: 'Mend each fault named in the evidence. Change no words that need no change.',
  spelling: 'Correct each misspelling named in the evidence to what its sentence means. Change nothing else.',
  lint: 'Mend each fault named in the evidence without a change of behaviour. Switch no rule off.',
  todo: 'Do what each note named in the evidence asks for, completely, and remove the note. Change nothing else.',
};

const taskOf = (group: RankedGroup, basis: PlanBasis): PlannedTask => {
  const { planId, verification, agents } = basis;
  const { kind, agent, certain, findings, score } = group;
  const paths = [...new Set(findings.map(({ path }) => path))].toSorted();
  const [singular, plural] = NOUNS[kind];
  const count = `${findings.length} ${findings.length === 1 ? singular : plural}`;
  const folder = commonFolder(paths);
  const where =
    paths.length === 1 ? `in ${paths[0] ?? ''}` : folder === '' ? `in ${paths.length} files` : `in ${folder}/`;
  return {
    taskId: taskIdOf(planId, findings),
    title: TITLES[kind](count, where).slice(0, 200),
    kind,
    rationale: rationaleOf(group, paths.length),
    evidence: findings.map(evidenceIn),
    paths,
    agent,
    agentDigest: agents[agent]?.planned.digest ?? agent,
    ...fallbacksOf(kind, agent, basis),
    instructions: (certain ? CERTAIN : TO_BE_JUDGED)[kind] ?? '',
    verification: measuresOf(verification),
    score: { total: score.total, parts: [...score.parts] },
    choice: choiceOf(group, basis),
  };
};

const taskIdOf = (planId: SprintId, findings: readonly Pick<Finding, 'findingId'>[]): TaskId => {
  const ids = findings.map(({ findingId }) => findingId).toSorted();
  const hash = createHash('sha256').update([planId, ...ids].join(' '));
  return `t-${hash.digest('hex').slice(0, 12)}` as TaskId;
};

const measuresOf = ({ commands }: Verification): string[] => [
  'the findings are gone and none were added',
  ...(commands.length > 0 ? commands.map(({ command }) => command) : ['built-in gate only (weak)']),
];

const evidenceIn = (finding: Finding): Evidence => Evidence.parse(finding);

/** The deepest folder that holds all of them, so that tasks of one area can be told apart; '' is the root. */
const commonFolder = ([first = '', ...rest]: readonly string[]): string => {
  const shared = (parts: readonly string[], path: string) => {
    const others = path.split('/').slice(0, -1);
    const end = parts.findIndex((part, index) => part !== others[index]);
    return end === -1 ? parts : parts.slice(0, end);
  };
  return rest.reduce(shared, first.split('/').slice(0, -1)).join('/');
};

const rationaleOf = ({ agent, certain, findings, score }: RankedGroup, files: number): string => {
  const rules = [...groupBy(findings, ({ rule }) => rule)].toSorted(([, a], [, b]) => b.length - a.length);
  const named = rules
    .slice(0, 4)
    .map(([rule, of]) => `${rule} (${of.length})`)
    .join(', ');
  const why = score.parts[0]?.why ?? '';
  const extent = `${counted(findings.length, 'finding')} in ${counted(files, 'file')}`;
  const judged = certain ? '' : ` No fixer knows the one right answer: ${agent} is to judge.`;
  return `${extent}: ${named}. Worth it because ${why}.${judged}`.slice(0, 2000);
};

/** What was found, where, and how much of it no fixer can do for certain. */
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
