import type { ReportView, SprintTask, SprintView } from '../api.js';
import { oneLine } from '../text.js';
import { answerHints } from './answer-hints.js';
import { renderIntegration } from './integration.js';
import { tellingLines } from './output-end.js';
import { duration, plural, short, type Style } from './style.js';

const MARKS: Readonly<Record<string, (style: Style) => string>> = {
  passed: (style) => style.green('✔ passed'),
  failed: (style) => style.red('✘ failed'),
  cancelled: (style) => style.yellow('■ cancelled'),
  discarded: (style) => style.yellow('■ discarded'),
  declined: (style) => style.dim('- declined'),
  blocked: (style) => style.red('! blocked'),
};

export const outcomeOf = (task: SprintTask): string => task.outcome ?? task.status;

/** What became of every task, why, and what to do with it now. */
export const renderOutcome = (sprint: SprintView, style: Style, report?: ReportView): string[] => {
  const passed = sprint.tasks.filter((task) => outcomeOf(task) === 'passed');
  return [
    `${style.bold(`Sprint ${sprint.sprintId}`)}  ${sprint.repository.name}: ${sprint.status}${took(sprint)}`,
    '',
    ...sprint.tasks.flatMap((task) => [
      ...renderTaskOutcome(task, style),
      ...endOfOutput(task, style, report),
      ...wayOn(task, style),
    ]),
    ...(passed.length === 0
      ? ['', 'Nothing was kept. No branch of yours changed.']
      : [
          '',
          `${plural(passed.length, 'branch', 'branches')} to look at; none of yours changed. Each was verified on its own.`,
          ...passed.map(
            ({ taskId }) => `  ${style.cyan(`hyper-run diff ${taskId}`)}   ${style.cyan(`hyper-run merge ${taskId}`)}`,
          ),
          ...(passed.length > 1 ? allOfThem(sprint, style) : []),
        ]),
  ];
};

const allOfThem = (sprint: SprintView, style: Style): string[] =>
  sprint.integration == null
    ? [
        `  ${style.cyan(`hyper-run integrate ${sprint.sprintId}`)}   all of them as one branch, verified as a whole`,
        `  ${style.cyan(`hyper-run merge ${sprint.sprintId}`)}   all of them, one after the other`,
      ]
    : ['', ...renderIntegration(sprint, style)];

const renderTaskOutcome = (task: SprintTask, style: Style): string[] => {
  const outcome = outcomeOf(task);
  return [
    `  ${MARKS[outcome]?.(style) ?? outcome}  ${style.bold(oneLine(task.title))}  ${style.dim(task.taskId)}`,
    ...(task.branch && outcome === 'passed'
      ? [`      ${task.branch}${task.commit ? style.dim(`  ${short(task.commit)}`) : ''}`]
      : []),
    ...(task.reason ? [`      ${oneLine(task.reason, 600)}`] : []),
    ...((task.attempts ?? 1) > 1 ? [style.dim(`      ${task.attempts} attempts`)] : []),
  ];
};

/** Why a command failed, in its own words; of the last run. */
const endOfOutput = ({ taskId, status }: SprintTask, style: Style, report?: ReportView): string[] => {
  const steps = report?.tasks.find((task) => task.taskId === taskId)?.verification ?? [];
  const failed = steps.findLast(({ outcome }) => outcome !== 'passed');
  return status === 'failed' && failed !== undefined
    ? tellingLines(failed.output.tail).map((line) => style.dim(`      │ ${line}`))
    : [];
};

/** What a person can do with a task that did not get through. */
const wayOn = (task: SprintTask, style: Style): string[] => {
  const outcome = outcomeOf(task);
  if (outcome === 'blocked') return answerHints(task).map((hint) => `      ${style.cyan(hint)}`);
  return outcome === 'failed'
    ? [`      ${style.cyan(`hyper-run retry ${task.taskId}`)}   do it again, as a sprint of its own`]
    : [];
};

const took = ({ createdAt, completedAt }: SprintView): string =>
  completedAt ? `, ${duration(Date.parse(completedAt) - Date.parse(createdAt))} after the plan was asked for` : '';

/** Done: everything that was approved was kept. */
export const allPassed = (sprint: SprintView): boolean =>
  sprint.status === 'completed' && sprint.tasks.every((task) => ['passed', 'declined'].includes(outcomeOf(task)));
