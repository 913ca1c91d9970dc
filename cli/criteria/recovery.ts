import { GitRepository, runGit } from '#git';
import type { ServiceClient } from '../client.js';
import { agreement, historyOf } from '../demo/checks.js';
import type { Stage } from '../demo/stage.js';
import { followSprint, readSprint } from '../following.js';
import { approve } from '../planning.js';
import { outcomeOf } from '../render/sprint.js';
import type { ServiceProcess } from '../service-process.js';
import { planOf, type Criterion } from './set-up.js';

const IN_THE_MIDDLE = 'hyperrun.task.verification-started';
const RECOVERS_WITHIN_MS = 300_000;

/** `kill -9` while a task is being verified; then the service is started again, and nobody does anything else. */
export const recovery = async (stage: Stage, service: ServiceProcess, client: ServiceClient): Promise<Criterion> => {
  const plan = await planOf(client, stage);
  const { cursor } = await readSprint(client, plan.planId);
  await approve(client, plan);
  const killed = new AbortController();
  await followSprint(client, plan.planId, {
    after: cursor,
    signal: killed.signal,
    onEvent: async ({ type }) => {
      if (type !== IN_THE_MIDDLE) return;
      await service.kill();
      killed.abort();
    },
  });
  const next = await stage.start();
  const signal = AbortSignal.timeout(RECOVERS_WITHIN_MS);
  const completed = await followSprint(next.client, plan.planId, { after: cursor, signal, onEvent: () => undefined });
  const sprint = await readSprint(next.client, plan.planId);
  const history = await historyOf(next.client, plan.planId);
  const agrees = agreement(history, sprint);
  const passed = sprint.tasks
    .filter((task) => outcomeOf(task) === 'passed')
    .map(({ branch, commit }) => `${commit} refs/heads/${branch}`);
  const branches = await branchesOf(
    stage,
    plan.tasks.map(({ taskId }) => `refs/heads/hyper-run/${taskId}`),
  );
  const once = passed.length > 0 && passed.toSorted().join() === branches.toSorted().join();
  const interrupted = history.filter(({ type }) => type === 'hyperrun.task.attempt-interrupted').length;
  return {
    name: 'Recovery: a killed orchestrator goes on from the log',
    shown:
      `killed -9 while verifying, ${interrupted} attempts interrupted and told; the sprint is ${sprint.status}: ` +
      `${passed.length} tasks passed, ${branches.length} branches; replay ${agrees.holds ? 'agrees' : agrees.found}`,
    holds: killed.signal.aborted && completed && once && agrees.holds,
  };
};

const branchesOf = async (stage: Stage, names: readonly string[]): Promise<string[]> => {
  const repository = await GitRepository.open(stage.repository);
  try {
    const args = ['for-each-ref', '--format=%(objectname) %(refname)', ...names];
    return (await runGit(args, repository.call)).stdout.toString('utf8').split('\n').filter(Boolean);
  } finally {
    repository.close();
  }
};
