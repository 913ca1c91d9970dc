import type { Evidence, Plan, PlannedTask, Verification } from '#contracts';
import { sharedPaths } from '#domain';
import { budgetsTexts, inTurn, LIVES_ELSEWHERE, troublesText } from '#wording';
import type { PlanView } from '../api.js';
import { oneLine } from '../text.js';
import { renderHead, renderKnownBase } from './base.js';
import { duration, short, type Style } from './style.js';

export interface PlanOptions {
  /** Pieces of evidence to show for each task. */
  readonly evidence: number;
  /** How the service isolates verification, where it told. */
  readonly isolation?: string;
}

export type ShownPlan = Plan & Pick<PlanView, 'head'>;

/** The plan as a person reads it before approving. */
export const renderPlan = (plan: ShownPlan, style: Style, options: PlanOptions = { evidence: 3 }): string[] => [
  `${style.bold(`Plan ${plan.planId}`)}  ${plan.repository.name} at ${short(plan.baseCommit)} ${checkout(plan, style)}`,
  style.dim(`Scope  ${plan.scope.join('  ')}${plan.focus === undefined ? '' : `   focus: ${oneLine(plan.focus)}`}`),
  '',
  ...plan.tasks.flatMap((task, index) => [
    ...renderTask(task, index + 1, style, options.evidence),
    ...renderOverlaps(task, plan, style),
    '',
  ]),
  ...(plan.tasks.length === 0 ? ['Nothing in this scope can be done by the agents that there are.', ''] : []),
  ...renderFindings(plan, style),
  ...renderVerification(plan.verification, style, options.isolation),
  ...renderKnownBase(plan, style),
  ...renderHead(plan, style),
  ...grants(plan, style),
  ...renderAgents(plan, style),
  `${style.dim('Budgets   ')}${budgetsTexts(plan.budgets).join('; ')}; then a task waits for you`,
  ...(plan.troubles === undefined ? [] : [`${style.dim('Trouble   ')}${troublesText(plan.troubles)}`]),
  `${style.dim('Estimate  ')}about ${duration(plan.estimate.seconds * 1000)}, ${cost(plan)}`,
  `${style.dim('Expires   ')}${plan.expiresAt}`,
];

const checkout = ({ checkout: { branch, dirty } }: Plan, style: Style): string =>
  `(${branch ?? 'detached HEAD'})` +
  (dirty ? style.yellow('  The work tree has changes that are not committed: they are not part of this.') : '');

export const renderTask = (task: PlannedTask, number: number, style: Style, shown: number): string[] => {
  const rest = task.evidence.length - shown;
  return [
    `${style.cyan(String(number).padStart(2))}  ${style.bold(oneLine(task.title))}  ${style.dim(task.taskId)}`,
    `    ${oneLine(task.rationale, 400)}`,
    ...task.evidence.slice(0, shown).flatMap((item) => renderEvidence(item, style)),
    ...(rest > 0 ? [style.dim(`    … and ${rest} more`)] : []),
    ...renderChoice(task, style),
    style.dim(`    agent ${task.agent} · may change ${paths(task.paths)} · score ${task.score.total}`),
  ];
};

/** Why this agent, and what a person wanted to be different, where somebody said so. */
const renderChoice = ({ agent, choice, changes, fallbacks = [] }: PlannedTask, style: Style): string[] => [
  ...(changes === undefined ? [] : [`    ${style.yellow('changes')} ${oneLine(changes.comment, 400)}`]),
  ...(choice === undefined ? [] : [style.dim(`    ${oneLine(agent)}: ${oneLine(choice.why, 300)}`)]),
  ...(fallbacks.length === 0 ? [] : [style.dim(`    in trouble it may go on to ${inTurn(fallbacks)}`)]),
];

const renderOverlaps = (task: PlannedTask, { tasks }: Plan, style: Style): string[] =>
  tasks.flatMap((other, index) =>
    task.overlaps?.includes(other.taskId) === true
      ? [
          style.yellow(
            `    overlaps with ${index + 1}: both may change ${paths(sharedPaths(task, other))}; their branches may conflict`,
          ),
        ]
      : [],
  );

export const renderEvidence = (item: Evidence, style: Style): string[] => [
  `    ${style.underline(`${oneLine(item.path)}:${item.range.startLine}`)}  ${style.yellow(oneLine(item.rule))}  ${oneLine(item.message, 140)}`,
  style.dim(`      │ ${oneLine(item.excerpt, 110)}`),
];

const paths = (all: readonly string[]): string =>
  all.length <= 3
    ? all.map((path) => oneLine(path)).join(', ')
    : `${all
        .slice(0, 2)
        .map((path) => oneLine(path))
        .join(', ')} and ${all.length - 2} more files`;

const renderFindings = ({ findings }: Plan, style: Style): string[] => {
  const sources = Object.entries(findings.bySource).map(
    ([source, count]) => `${source} ${count.inScope}/${count.total}`,
  );
  return [
    `${style.dim('Findings  ')}${findings.inScope} in the scope of ${findings.total} in all${sources.length > 0 ? `  (${sources.join(' · ')})` : ''}`,
    ...(findings.needModel > 0
      ? [`          ${findings.needModel} in the scope need a model or a person: no fixer can do them for certain`]
      : []),
    ...(findings.dismissed > 0 ? [style.dim(`          ${findings.dismissed} dismissed before`)] : []),
    ...findings.outside
      .slice(0, 5)
      .map(({ pattern, count }) =>
        style.dim(`          ${count} more in ${oneLine(pattern)}: widen with --scope '${oneLine(pattern)}'`),
      ),
    ...findings.protected
      .slice(0, 5)
      .map(({ path, count }) =>
        style.dim(`          ${count} more in ${oneLine(path)}, which is protected: --grant '${oneLine(path)}'`),
      ),
  ];
};

/** Which hosts the set-up can reach, or could. */
export const networkOf = ({ setupNetwork, setupHosts = [] }: Verification): string =>
  `${setupNetwork ? 'granted' : 'not granted'}${setupHosts.length === 0 ? '' : ` (${setupHosts.map((host) => oneLine(host)).join(', ')})`}`;

export const renderVerification = (verification: Verification, style: Style, isolation?: string): string[] => [
  ...verification.setup.map(
    ({ command, origin }) =>
      `${style.dim('Set-up    ')}${oneLine(command)}  ${style.dim(`from ${oneLine(origin)} · network ${networkOf(verification)}`)}`,
  ),
  ...(verification.weak
    ? [
        `${style.dim('Verify    ')}${style.yellow('weak: no command of the repository was found; files must parse and the findings be gone')}`,
      ]
    : verification.commands.map(
        ({ command, origin }) =>
          `${style.dim('Verify    ')}${oneLine(command)}  ${style.dim(`from ${oneLine(origin)}`)}`,
      )),
  style.dim(`          at most ${duration(verification.timeoutSeconds * 1000)}, `) + isolationText(isolation, style),
];

const isolationText = (isolation: string | undefined, style: Style): string => {
  if (isolation === undefined) return style.dim('isolation as the service measured it: hyper-run doctor');
  return isolation === 'none'
    ? style.red('not isolated: commands run with the rights of the service')
    : style.dim(`isolated by ${isolation}, without network`);
};

const grants = (plan: Plan, style: Style): string[] =>
  plan.grants.length === 0
    ? []
    : [
        style.yellow(
          `Grants    protected paths that may change: ${plan.grants.map((path) => oneLine(path)).join(', ')}`,
        ),
      ];

/** What approving the plan gives to agents that are more than a built-in fixer. */
const renderAgents = (plan: Plan, style: Style): string[] =>
  othersOf(plan).map(({ kind, adapter, workplace, model, host, credential }) => {
    const place = workplace === 'sandbox' ? 'works in the sandbox' : 'works on a tree in memory';
    const reach =
      adapter === 'remote'
        ? LIVES_ELSEWHERE
        : host === undefined
          ? 'no network'
          : `may call model ${oneLine(model ?? '')} at ${oneLine(host)}${credential === undefined ? '' : ` with the key in ${oneLine(credential)}`}`;
    return `${style.dim('Agent     ')}${style.yellow(oneLine(kind))}  ${adapter}, ${place}, ${reach}`;
  });

const othersOf = ({ agents = [] }: Plan) => agents.filter(({ adapter }) => adapter !== 'built-in');

const cost = (plan: Plan) => {
  const { cost: amount } = plan.estimate;
  if (amount > 0) return `${amount.toFixed(2)} US dollars`;
  return othersOf(plan).length === 0 ? 'no model, no cost' : 'cost not known beforehand';
};
