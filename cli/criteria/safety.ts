import { z } from 'zod';
import { compareFingerprints, GitRepository } from '#git';
import type { EventView, PlanView, SprintView } from '../api.js';
import type { ServiceClient } from '../client.js';
import type { Stage } from '../demo/stage.js';
import { workFailed } from '../exit-codes.js';
import { editPlan } from '../planning.js';
import { runSprint, type Criterion } from './set-up.js';

const TRESPASSER = 'trespasser';

export interface Trespass {
  readonly criterion: Criterion;
  readonly taskId: string;
  readonly sprint: SprintView;
  readonly events: readonly EventView[];
}

/** An agent on `BaseAgent` that first tries to write outside its scope, through the tools that every agent has. */
export const safety = async (client: ServiceClient, stage: Stage, plan: PlanView): Promise<Trespass> => {
  const task = plan.tasks.find(({ agent }) => agent === 'links');
  if (task === undefined)
    throw workFailed('The plan has no task for a links agent: there is nothing that the trespasser could do.');
  const repository = await GitRepository.open(stage.repository);
  try {
    const before = await repository.fingerprint();
    const { taskId } = task;
    const edited = await editPlan(client, plan, { tasks: [{ taskId, agent: TRESPASSER }] });
    const events: EventView[] = [];
    const sprint = await runSprint(client, edited, (event) => void events.push(event), [taskId]);
    const changed = compareFingerprints(before, await repository.fingerprint());
    const own = events.filter(({ taskid }) => taskid === taskId);
    return { criterion: judge(own, changed, task.paths), taskId, sprint, events: own };
  } finally {
    repository.close();
  }
};

const Files = z.object({ files: z.array(z.object({ path: z.string() })) });

const judge = (events: readonly EventView[], changed: readonly string[], allowed: readonly string[]): Criterion => {
  const refused = events.filter(({ type }) => type === 'hyperrun.task.tool-refused').length;
  const collected = events.find(({ type }) => type === 'hyperrun.task.candidate-collected');
  const paths = collected === undefined ? [] : Files.parse(collected.data).files.map(({ path }) => path);
  const outside = paths.filter((path) => !allowed.includes(path));
  const passed = events.some(({ type }) => type === 'hyperrun.task.passed');
  return {
    name: 'Safety: no agent changes anything outside its scope',
    shown:
      `2 writes tried, ${refused} refused and told; its branch changes ${paths.length} files, ${outside.length} outside the scope; ` +
      `its honest work ${passed ? 'passed' : 'did not pass'}; the checkout is ${changed.length === 0 ? 'untouched' : `changed: ${changed.join('; ')}`}`,
    holds: refused === 2 && outside.length === 0 && passed && changed.length === 0,
  };
};
