import type { EventData, EventType, StepResult } from '#contracts';
import { TROUBLE_WORDS } from './budgets.js';
import { bytes as size, duration, plural, short } from './units.js';

export type Tone = 'good' | 'bad' | 'warning' | 'quiet' | 'plain';
type Told = readonly [tone: Tone, text: string];

/** How a call of a model ended. */
export const answered = ({
  inputTokens,
  outputTokens,
  durationMs,
  error,
}: EventData<'sprint.model-call-finished'>): Told => [
  error === undefined ? 'quiet' : 'warning',
  error ?? `was answered in ${duration(durationMs)}: ${inputTokens} tokens in, ${outputTokens} out`,
];

/** One sentence for each event of a sprint, a repository, an agent or the system. */
export const sprintTexts: {
  readonly [T in EventType as T extends `task.${string}` | `action.${string}` ? never : T]: (
    data: EventData<T>,
  ) => Told;
} = {
  'repository.registered': ({ name }) => ['plain', `repository ${name} may be worked on`],
  'repository.sprint-started': ({ sprintId }) => ['quiet', `the repository is taken by sprint ${sprintId}`],
  'repository.sprint-ended': ({ sprintId }) => ['quiet', `the repository is free again after ${sprintId}`],
  'repository.finding-dismissed': ({ findingId, reason }) => ['plain', `finding ${findingId} dismissed: ${reason}`],
  'sprint.plan-requested': ({ name, scope }) => [
    'plain',
    `a plan for ${name} is asked for${scope === undefined ? '' : ` in ${scope.join(', ')}`}`,
  ],
  'sprint.analysis-claimed': ({ worker, attempt }) => ['quiet', `${worker} reads the repository${again(attempt)}`],
  'sprint.analysis-interrupted': ({ reason }) => ['warning', `the analysis was interrupted: ${reason}`],
  'sprint.model-call-started': ({ model }) => ['quiet', `asks ${model} to word the plan`],
  'sprint.model-call-finished': answered,
  'sprint.analysis-failed': ({ reason }) => ['bad', `the analysis failed: ${reason}`],
  'sprint.analysis-completed': ({ files, findings, durationMs, skipped }) => [
    skipped.length > 0 ? 'warning' : 'plain',
    `${plural(files, 'file')} read in ${duration(durationMs)}, ${plural(findings.total, 'finding')}` +
      skipped.map(({ source, reason }) => `; ${source} left out: ${reason}`).join(''),
  ],
  'sprint.plan-proposed': ({ plan }) => ['plain', `a plan of ${plural(plan.tasks.length, 'task')} waits for a person`],
  'sprint.plan-edited': ({ summary }) => ['plain', `the plan was changed: ${summary}`],
  'sprint.plan-approved': ({ taskIds, declined, unattended }) => [
    'good',
    `approved${unattended ? ' unattended, by policy' : ''}: ${taskIds.join(', ')}${declined.length > 0 ? `; declined: ${declined.join(', ')}` : ''}`,
  ],
  'sprint.plan-rejected': ({ reason }) => ['warning', `the plan was rejected: ${reason}`],
  'sprint.plan-expired': () => ['warning', 'the plan expired before anybody approved it'],
  'sprint.base-verification-claimed': ({ attempt }) => ['quiet', `verifying the base commit${again(attempt)}`],
  'sprint.base-verification-interrupted': ({ reason }) => ['warning', `verifying the base was interrupted: ${reason}`],
  'sprint.base-verified': ({ outcome, reason, isolation, weak, reused, steps, refusedHosts = [] }) => [
    outcome === 'passed' ? 'good' : 'bad',
    `the base ${outcome === 'passed' ? 'passes' : outcome === 'failed' ? 'fails' : 'is missing'}${reason === undefined ? '' : `: ${reason}`} ` +
      `(${[weak ? 'weak gate' : steps.map(stepText).join(', '), `isolation ${isolation}`, ...(reused ? ['known from before'] : []), ...(refusedHosts.length > 0 ? [`set-up was refused ${refusedHosts.join(', ')}`] : [])].filter(Boolean).join('; ')})`,
  ],
  'sprint.started': ({ baseAccepted }) => [
    'plain',
    `the sprint starts${baseAccepted ? ', with the base accepted as it is' : ''}`,
  ],
  'sprint.pausing': ({ reason }) => ['warning', `pausing: ${reason}`],
  'sprint.paused': ({ reason }) => ['warning', `paused: ${reason}`],
  'sprint.resumed': () => ['plain', 'the sprint goes on'],
  'sprint.cancelled': ({ reason }) => ['warning', `the sprint is cancelled: ${reason}`],
  'sprint.task-settled': ({ taskId, outcome }) => ['quiet', `${taskId} is settled: ${outcome}`],
  'sprint.integration-requested': ({ taskIds }) => ['plain', `to be merged into one branch: ${taskIds.join(', ')}`],
  'sprint.integration-claimed': ({ attempt }) => ['quiet', `merging the passed tasks${again(attempt)}`],
  'sprint.integration-interrupted': ({ reason }) => ['warning', `merging was interrupted: ${reason}`],
  'sprint.integration-failed': ({ reason }) => ['bad', `not merged: ${reason}`],
  'sprint.integration-decided': ({ commit, branch }) => ['plain', `to be published: ${short(commit)} as ${branch}`],
  'sprint.integrated': ({ branch, commit, taskIds }) => [
    'good',
    `${plural(taskIds.length, 'task')} merged and verified together: ${branch} is at ${short(commit)}`,
  ],
  'sprint.completed': ({ outcome, tasks, heads }) => [
    outcome === 'completed' ? 'good' : 'warning',
    `the sprint is ${outcome}: ${counts(tasks)}; ${plural(heads.length, 'stream')} sealed`,
  ],
  'sprint.archived': ({ count, bytes, digest }) => [
    'quiet',
    `archived: ${plural(count, 'event')} in ${size(bytes)}, ${short(digest)}`,
  ],
  'sprint.retention-applied': ({ kind, count, after }) => [
    'quiet',
    kind === 'archives'
      ? `its archive is let go of after ${after}`
      : `${plural(count, 'artefact')} (${kind}) are let go of after ${after}`,
  ],
  'sprint.archive-replaced': ({ digest }) => [
    'quiet',
    `its archive is another file since a redaction, ${short(digest)}`,
  ],
  'event.redaction-requested': ({ version, reason }) => ['warning', `event ${version} is to be redacted: ${reason}`],
  'event.redacted': ({ version, reason }) => ['warning', `event ${version} was redacted: ${reason}`],
  'agent.registered': ({ name, role }) => ['quiet', `${name} is on board: ${role}`],
  'agent.circuit-opened': ({ failures, because }) => [
    'bad',
    `gets no more work for now, after ${plural(failures, 'failure')} in a row` +
      (because === undefined ? '' : `, the last in ${because.taskId}: ${TROUBLE_WORDS[because.trouble]}`),
  ],
  'agent.circuit-closed': () => ['good', 'gets work again'],
  'agent.deregistered': ({ reason }) => ['quiet', `left: ${reason}`],
  'alert.raised': ({ severity, text }) => [severity === 'critical' ? 'bad' : 'warning', `alert: ${text}`],
  'alert.acknowledged': ({ alertId }) => ['quiet', `alert ${alertId} was seen`],
  'system.incarnation-started': ({ incarnation, reason }) => ['quiet', `log ${short(incarnation)} begins: ${reason}`],
};

export const again = (attempt: number) => (attempt > 1 ? `, attempt ${attempt}` : '');

export const stepText = ({ command, outcome, durationMs, tests }: StepResult): string =>
  `${command} ${outcome} in ${duration(durationMs)}${tests === undefined ? '' : `, ${plural(tests.passed, 'test')} passed${tests.failed > 0 ? `, ${tests.failed} failed` : ''}`}`;

const counts = (tasks: EventData<'sprint.completed'>['tasks']) =>
  Object.entries(tasks)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ');
