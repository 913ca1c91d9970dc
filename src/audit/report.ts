// What became of a sprint, told from its events alone.
import type { Recorded, TaskId } from '#contracts';
import { code, fenced, plain } from './markdown-words.js';
import { blocksMarkdown, blocksOf, costText } from './report-costs.js';
import type { Report, ReportedTask } from './report.schema.js';
import { togetherMarkdown } from './report-together.js';

export type { Report };

const ENDS = ['passed', 'failed', 'cancelled', 'declined', 'discarded'];

const lastOf = <T extends Recorded['type']>(events: readonly Recorded[], type: T) =>
  events.findLast((event): event is Recorded & { readonly type: T } => event.type === type);

export const reportTask = (taskId: TaskId, events: readonly Recorded[]): ReportedTask => {
  const first = events[0];
  const plan = first?.type === 'task.queued' || first?.type === 'task.declined' ? first.data.task : undefined;
  const end = events.findLast(
    (event) => ENDS.includes(event.type.slice('task.'.length)) && event.type.startsWith('task.'),
  );
  const decided = lastOf(events, 'task.publish-decided')?.data;
  const started = lastOf(events, 'task.verification-started')?.data;
  const steps = events.flatMap((event) =>
    event.type === 'task.verification-step-finished' ? [{ ...event.data.step, run: event.data.run }] : [],
  );
  const failed = steps.findLast((step) => step.outcome !== 'passed');
  const claimed = events.find((event) => event.type === 'task.claimed');
  const outcome = end?.type.slice('task.'.length) ?? 'open';
  return {
    taskId,
    title: plan?.title ?? taskId,
    agent: lastOf(events, 'task.reassigned')?.data.to ?? plan?.agent ?? '',
    reassigned: events.flatMap((event) => (event.type === 'task.reassigned' ? [event.data] : [])),
    outcome,
    reason: reasonOf(end, outcome),
    ...(failed === undefined || outcome !== 'failed'
      ? {}
      : { outputTail: failed.output.tail.split('\n').slice(-12).join('\n') }),
    ...(decided === undefined ? {} : { branch: decided.branch, commit: decided.commit }),
    files: lastOf(events, 'task.candidate-collected')?.data.files ?? [],
    verification: steps,
    ...(started === undefined ? {} : { isolation: started.isolation, weak: started.weak }),
    attempts: events.filter((event) => event.type === 'task.claimed').length,
    toolCalls: events.filter((event) => event.type.startsWith('action.')).length,
    refusals: events.filter((event) => event.type === 'task.tool-refused').length,
    durationMs: claimed === undefined || end === undefined ? 0 : end.time - claimed.time,
    cost: costOf(events),
    blocks: blocksOf(events),
  };
};

const reasonOf = (end: Recorded | undefined, outcome: string): string => {
  if (end === undefined) return 'It has not ended yet.';
  if ('reason' in end.data && end.data.reason !== undefined) return end.data.reason;
  if (outcome === 'passed') return 'It passed the scope gate and its verification.';
  return outcome === 'declined' ? 'Declined when the plan was approved.' : outcome;
};

export const costOf = (events: readonly Recorded[]): Report['cost'] => {
  const calls = events.flatMap((event) => (event.type === 'action.model-call-finished' ? [event.data] : []));
  return {
    modelCalls: calls.length,
    tokens: calls.reduce((sum, call) => sum + call.inputTokens + call.outputTokens, 0),
    amount: calls.reduce((sum, call) => sum + call.cost, 0),
  };
};

const MARKS: Readonly<Record<string, string>> = {
  passed: '✅',
  failed: '❌',
  cancelled: '⏹️',
  declined: '➖',
  discarded: '🗑️',
};

/** The report as the body of a pull request. */
export const reportMarkdown = (report: Report): string => {
  const passed = report.tasks.filter((task) => task.outcome === 'passed').length;
  const lines = [
    `# Sprint ${report.sprintId}: ${passed} of ${report.tasks.length} tasks passed`,
    '',
    `${plain(report.repository)} at ${code(report.baseCommit.slice(0, 12))} · ${report.status} · approved by ${plain(report.approvedBy ?? 'nobody')}` +
      `${report.approvedAt === undefined ? '' : ` on ${report.approvedAt}`} · ${report.events} events`,
    '',
    `+${report.additions} −${report.deletions} lines in ${new Set(report.tasks.filter((task) => task.outcome === 'passed').flatMap((task) => task.files.map((file) => file.path))).size} files` +
      ` · ${costText(report.cost)}`,
    ...(report.base === undefined || report.base.outcome === 'passed'
      ? []
      : ['', `**The base does not pass its own verification:** ${plain(report.base.reason ?? report.base.outcome)}`]),
    ...report.tasks.flatMap(taskMarkdown),
    ...togetherMarkdown(report),
    '',
    '## Seal',
    '',
    ...(report.heads.length === 0
      ? ['Not sealed yet.']
      : report.heads.map((head) => `- ${code(`${head.stream}@${head.version}`)} ${code(head.hash)}`)),
    '',
  ];
  return lines.join('\n');
};

const taskMarkdown = (task: ReportedTask): string[] => [
  '',
  `## ${MARKS[task.outcome] ?? '…'} ${plain(task.title)}`,
  '',
  `${task.outcome}: ${plain(task.reason)}`,
  ...(task.outputTail === undefined ? [] : ['', fenced(task.outputTail)]),
  ...(task.branch === undefined || task.outcome !== 'passed'
    ? []
    : ['', `Branch ${code(task.branch)}, commit ${code(task.commit ?? '')}.`]),
  ...(task.cost.modelCalls === 0 && task.cost.tokens === 0 ? [] : ['', `${costText(task.cost)}.`]),
  ...(task.reassigned.length === 0
    ? []
    : ['', ...task.reassigned.map(({ from, to, reason }) => `- From ${code(from)} to ${code(to)}: ${plain(reason)}`)]),
  ...blocksMarkdown(task.blocks),
  ...(task.files.length === 0
    ? []
    : ['', ...task.files.map((file) => `- ${code(file.path)} +${file.additions} −${file.deletions}`)]),
  ...(task.verification.length === 0
    ? []
    : [
        '',
        ...task.verification.map(
          (step) =>
            `- ${step.outcome === 'passed' ? '✓' : '✗'} ${code(step.command)} ${step.outcome}${step.exitCode === null ? '' : ` (exit ${step.exitCode})`}` +
            ` in ${(step.durationMs / 1000).toFixed(1)} s${testsOf(step)}${step.run > 1 ? ', second run' : ''}`,
        ),
      ]),
  ...(task.weak === true
    ? ['', '_Verified by the weak built-in gate only: the repository names no command of its own._']
    : []),
];

const testsOf = ({ tests }: ReportedTask['verification'][number]): string =>
  tests === undefined
    ? ', tests not counted'
    : `, ${tests.passed} passed, ${tests.failed} failed, ${tests.skipped} skipped`;
