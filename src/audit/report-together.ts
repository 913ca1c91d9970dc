// What is told of the tasks of a sprint together: which branches may conflict, and what became of merging them.
import type { Recorded } from '#contracts';
import { foldUntil } from '../world/decisions.port.js';
import { sprint } from '#domain';
import { code, plain } from './markdown-words.js';
import type { Report, ReportedIntegration, ReportedTask } from './report.schema.js';

/** Files that several passed tasks changed: whoever merges their branches one by one may meet a conflict. */
export const overlapsOf = (tasks: readonly ReportedTask[]): Report['overlaps'] => {
  const passed = tasks.filter(({ outcome }) => outcome === 'passed');
  const paths = [...new Set(passed.flatMap(({ files }) => files.map(({ path }) => path)))].toSorted();
  return paths
    .map((path) => ({ path, taskIds: passed.filter((task) => changes(task, path)).map(({ taskId }) => taskId) }))
    .filter(({ taskIds }) => taskIds.length > 1);
};

const changes = ({ files }: ReportedTask, path: string): boolean => files.some((file) => file.path === path);

/** The newest wish to have the passed tasks as one branch; undefined: nobody asked for it. */
export const integrationOf = (events: readonly Recorded[]): ReportedIntegration | undefined => {
  const state = foldUntil(sprint, events);
  if (state.status !== 'completed' || state.integration === undefined) return undefined;
  const { integration } = state;
  const common = { status: integration.status, taskIds: [...integration.taskIds] };
  if (integration.status === 'failed') {
    const { reason, conflicts, together } = integration.failure;
    return { ...common, reason, conflicts, together };
  }
  if (integration.status !== 'integrated') return common;
  const { branch, commit, merged } = integration.result;
  return { ...common, branch, commit, merged };
};

export const togetherMarkdown = (report: Report): string[] => {
  const { integration, overlaps, tasks } = report;
  const merged = integration?.status === 'integrated';
  const branchOf = (taskId: string) => tasks.find((task) => task.taskId === taskId)?.branch ?? taskId;
  const conflicts = merged ? [] : overlaps;
  if (integration === undefined && conflicts.length === 0) return [];
  return [
    '',
    '## Together',
    ...(integration === undefined ? [] : ['', sentenceOf(integration)]),
    ...(conflicts.length === 0 ? [] : ['', 'These branches may conflict, since they change the same files:', '']),
    ...conflicts.map(({ path, taskIds }) => `- ${code(path)}: ${taskIds.map((id) => code(branchOf(id))).join(', ')}`),
  ];
};

const sentenceOf = ({ status, taskIds, branch, commit, reason }: ReportedIntegration): string => {
  if (status === 'failed') return `**Not merged:** ${plain(reason ?? '')}`;
  if (status !== 'integrated') return `${taskIds.length} tasks are being merged.`;
  const tasks = taskIds.length === 1 ? '1 task' : `${taskIds.length} tasks`;
  return `${tasks} merged and verified as a whole: branch ${code(branch ?? '')}, commit ${code(commit ?? '')}.`;
};
