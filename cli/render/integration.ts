import type { Integration, SprintView } from '../api.js';
import { oneLine } from '../text.js';
import { tellingLines } from './output-end.js';
import { plural, short, type Style } from './style.js';

/** What became of the wish to have the passed tasks as one branch, and what to do now; empty where nobody asked for it. */
export const renderIntegration = ({ integration, sprintId }: SprintView, style: Style): string[] => {
  if (integration == null) return [];
  if (integration.status === 'integrated')
    return [
      `  ${style.green('✔ merged')}  ${oneLine(integration.branch ?? '')}  ${style.dim(short(integration.commit ?? ''))}`,
      `      ${plural(integration.taskIds.length, 'task')}, verified as a whole; none of your branches changed`,
      ...sharedLines(integration.merged, 'merged without a conflict', style),
      `  ${style.cyan(`hyper-run merge ${sprintId}`)}`,
    ];
  if (integration.status !== 'failed')
    return [`  … merging ${plural(integration.taskIds.length, 'task')}: ${integration.status}`];
  return [
    `  ${style.red('✘ not merged')}`,
    `      ${oneLine(integration.reason ?? '', 600)}`,
    ...endOfOutput(integration, style),
    ...sharedLines(integration.conflicts, 'conflict', style),
    `  ${style.cyan(`hyper-run integrate ${sprintId} --tasks <id…>`)}   fewer of them`,
  ];
};

const sharedLines = (shared: Integration['merged'], what: string, style: Style): string[] =>
  (shared ?? []).map(({ path, taskIds }) => style.dim(`      ${oneLine(path)}: ${what}, ${taskIds.join(', ')}`));

const endOfOutput = ({ steps }: Integration, style: Style): string[] => {
  const failed = steps?.findLast(({ outcome }) => outcome !== 'passed');
  return failed === undefined ? [] : tellingLines(failed.output.tail).map((line) => style.dim(`      │ ${line}`));
};
