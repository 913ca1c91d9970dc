import type { Budgets, Plan } from '#contracts';
import type { SprintView } from '../../src/sprints/views.js';
import type { Answer, Api, Headers } from './api.js';
import { LiveEvents } from './events.js';

export type PlanAnswer = Plan & { readonly status: string; readonly cursor: string };

/** As it looks over HTTP, where every field may be absent that a status does not have. */
export interface TaskAnswer {
  readonly taskId: string;
  readonly title?: string;
  readonly agent?: string;
  readonly status: string;
  readonly kind?: string;
  readonly reason?: string;
  readonly attempts: number;
  readonly branch?: string;
  readonly commit?: string;
}
export type SprintAnswer = Omit<SprintView, 'tasks'> & { readonly tasks: readonly TaskAnswer[] };

export interface Wish {
  readonly repository: string;
  readonly scope?: readonly string[];
  readonly maxTasks?: number;
  readonly budgets?: Partial<Budgets>;
}

const expectStatus = <Body>(answer: Answer<Body>, status: number): Body => {
  if (answer.status === status) return answer.body;
  throw new Error(`Expected ${status}, found ${answer.status}: ${JSON.stringify(answer.body)}`);
};

export const propose = async (api: Api, wish: Wish, headers?: Headers): Promise<PlanAnswer> =>
  expectStatus(await api.post<PlanAnswer>('/hyper-running/plan', wish, headers), 201);

export const approve = async (api: Api, plan: Plan, taskIds?: readonly string[]): Promise<SprintAnswer> =>
  expectStatus(await api.post<SprintAnswer>('/hyper-running/execute', { ...approvalOf(plan), taskIds }), 202);

export const approvalOf = ({ planId, planHash }: Pick<Plan, 'planId' | 'planHash'>) => ({ planId, planHash });

export const readSprint = async (api: Api, sprintId: string, query = ''): Promise<SprintAnswer> =>
  expectStatus(await api.get<SprintAnswer>(`/hyper-running/sprints/${sprintId}${query}`), 200);

/** Resolves with the sprint when it has ended. */
export const completed = async (api: Api, sprintId: string): Promise<SprintAnswer> => {
  const sprint = await readSprint(api, sprintId);
  if (sprint.completedAt !== undefined) return sprint;
  const live = await LiveEvents.open(api, { sprint: sprintId, after: sprint.cursor });
  try {
    await live.wait('sprint.completed');
  } finally {
    live.close();
  }
  return readSprint(api, sprintId);
};

/** Proposes, approves all, and waits for the end. */
export const runSprint = async (api: Api, wish: Wish): Promise<SprintAnswer> => {
  const plan = await propose(api, wish);
  await approve(api, plan);
  return completed(api, plan.planId);
};

export const taskOf = (plan: Plan, agent: string): Plan['tasks'][number] => {
  const task = plan.tasks.find((one) => one.agent === agent);
  if (task === undefined) throw new Error(`No task for ${agent}: ${plan.tasks.map((one) => one.agent).join(', ')}`);
  return task;
};

/** What became of each task: `links passed`; of one that did not pass, with the reason. */
export const outcomesOf = ({ tasks }: SprintAnswer): string[] =>
  tasks
    .map(({ agent, status, reason }) => `${agent} ${status}${status === 'passed' ? '' : `: ${reason}`}`)
    .toSorted((a, b) => (a < b ? -1 : 1));

export const ALL_PASSED = ['links passed', 'markdown passed', 'spelling passed'];
