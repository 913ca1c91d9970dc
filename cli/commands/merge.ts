import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { confirm } from '@clack/prompts';
import { Command } from 'commander';
import { HyperRunError, isHyperRunError } from '#contracts';
import { TaskView, type SprintTask } from '../api.js';
import type { ServiceClient } from '../client.js';
import type { Context } from '../context.js';
import { usageError, workFailed } from '../exit-codes.js';
import { readSprint } from '../following.js';
import { outcomeOf } from '../render/sprint.js';
import { answered } from '../reviewing.js';
import { oneLine } from '../text.js';

export const mergeCommand = (context: Context) =>
  new Command('merge')
    .description('merge what a task, or a sprint, produced into the branch that is checked out, with your own git')
    .argument('<task|sprint>')
    .option('-y, --yes', 'do not ask before merging')
    .action(async (id: string, options: { yes?: boolean }) => {
      const { repository, branches } = await branchesOf(context, await context.connect(), id);
      for (const branch of branches) context.line(`git -C ${repository} merge ${branch}`);
      if (!options.yes && !(await isWanted(context, id))) return;
      for (const branch of branches) await merge(context, repository, branch);
    });

const isWanted = (context: Context, id: string): Promise<boolean> => {
  if (context.interactive) return answered(confirm({ message: 'Run it?', signal: context.signal }));
  throw usageError(
    `Nothing is merged before a person says so, and nobody can be asked here. Merge it: hyper-run merge ${oneLine(id)} --yes`,
  );
};

/** Of a sprint, the one branch that was made of its tasks, else those of its passed tasks in order; of a task, its own. */
const branchesOf = async (context: Context, client: ServiceClient, id: string) => {
  const task = await client.get(TaskView, `/hyper-running/tasks/${encodeURIComponent(id)}`).catch(unknownAsNothing);
  const sprint = await readSprint(client, task?.sprintId ?? id);
  const repository = sprint.repository.path;
  if (task !== undefined) return { repository, branches: [branchOf(task)] };
  const passed = sprint.tasks.filter((one) => outcomeOf(one) === 'passed');
  if (passed.length === 0) throw workFailed(`No task of sprint ${id} passed: there is nothing to merge.`);
  const { integration } = sprint;
  if (integration?.status !== 'integrated') return { repository, branches: passed.map(branchOf) };
  const missing = passed.filter(({ taskId }) => !integration.taskIds.includes(taskId));
  for (const { taskId } of missing) context.note(`Not in it: ${taskId}. Merge it, too: hyper-run merge ${taskId}`);
  return { repository, branches: [ours(integration.branch ?? '')] };
};

const unknownAsNothing = (error: unknown): undefined => {
  if (isHyperRunError(error) && error.details.status === 404) return undefined;
  throw error;
};

const branchOf = (task: SprintTask): string => {
  if (outcomeOf(task) !== 'passed' || !task.branch)
    throw workFailed(`Task ${task.taskId} is ${outcomeOf(task)}: it has no branch to merge.`);
  return ours(task.branch);
};

const ours = (branch: string): string => {
  if (/^hyper-run\/(?:sprint-)?[a-z0-9-]{1,40}$/.test(branch)) return branch;
  throw new HyperRunError(
    'service.answer',
    `"${branch}" is not a branch that the service makes: expected hyper-run/<task id> or hyper-run/sprint-<sprint id>.`,
  );
};

const merge = async (context: Context, repository: string, branch: string): Promise<void> => {
  const git = spawn('git', ['-C', repository, 'merge', branch], { stdio: 'inherit', env: context.env });
  const [code]: unknown[] = await once(git, 'exit');
  if (code !== 0)
    throw workFailed(
      `git merge ${branch} ended with ${String(code)}. Resolve it in ${repository}, or: git merge --abort`,
    );
};
