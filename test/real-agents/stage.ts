import { startRedisServer } from '../../libs/event-store/test/redis-server.js';
import { definitionOf, presetOf, type PresetChoice } from '#agents';
import type { Recorded } from '#contracts';
import { withAgents } from '../harness/agents.js';
import type { Api } from '../harness/api.js';
import { exportSprint, type Exported } from '../harness/audit.js';
import { openPlace, type Place } from '../harness/place.js';
import { launch, type Service, type Settings } from '../harness/service.js';
import { approve, completed, propose, type PlanAnswer, type SprintAnswer, type Wish } from '../harness/sprints.js';

/** The program of an agent that `npm run test:agents` has installed. */
export const programOf = (variable: string): string => {
  const program = process.env[variable];
  if (program === undefined) throw new Error(`${variable} is not set. Run these tests with: npm run test:agents`);
  return program;
};

/** On slow machines the first start of a program of 180 MB takes its time. */
export const PATIENT = { startSeconds: 240 };

export interface Stage {
  readonly place: Place;
  readonly service: Service;
  readonly api: Api;
  close(): Promise<void>;
}

export const PRICES = { input: 2, output: 10 };

/** The agent as `hyper-run agents add` writes it, with a program that lies elsewhere, and prices. */
export const realAgent = (kind: string, choice: PresetChoice, program: string, more: object = {}): object => {
  const definition = definitionOf(presetOf(kind), choice);
  const [, ...words] = definition.command;
  return { ...definition, model: { ...definition.model, prices: PRICES }, command: [program, ...words], ...more };
};

/** A service of its own with these agents. */
export const openStage = async (agents: object, settings: Settings = {}): Promise<Stage> => {
  const redis = await startRedisServer('--appendfsync', 'always');
  const place = await openPlace({ REDIS_URL: `unix://${redis.path}`, HYPER_RUN_CONCURRENCY: '1' });
  const service = launch(place, { ...(await withAgents(place, agents)), ...settings });
  const close = async () => {
    await service.stop();
    await redis.end();
    await place.remove();
  };
  try {
    return { place, service, api: await service.ready, close };
  } catch (error) {
    await close();
    throw error;
  }
};

export interface Done {
  readonly plan: PlanAnswer;
  readonly taskId: string;
  readonly sprint: SprintAnswer;
  readonly exported: Exported;
  /** Of the task. */
  readonly events: readonly Recorded[];
}

/** Plans, gives the notes of one file to this agent, approves that one task, and waits for its end. */
export const carryOut = async (api: Api, wish: Wish, agent: string, path: string): Promise<Done> => {
  const plan = await propose(api, wish);
  const task = plan.tasks.find(({ kind, paths }) => kind === 'todo' && paths.includes(path));
  if (task === undefined)
    throw new Error(`No task for ${path}: ${JSON.stringify(plan.tasks.map(({ paths }) => paths))}`);
  const { taskId } = task;
  const chosen = task.agent === agent ? plan : await assign(api, plan, taskId, agent);
  await approve(api, chosen, [taskId]);
  const sprint = await completed(api, plan.planId);
  const exported = await exportSprint(api, plan.planId);
  const events = exported.events.filter(({ stream }) => stream === `task-${taskId}`);
  return { plan: chosen, taskId, sprint, exported, events };
};

const assign = async (
  api: Api,
  { planId, planHash }: PlanAnswer,
  taskId: string,
  agent: string,
): Promise<PlanAnswer> => {
  const change = { tasks: [{ taskId, agent }] };
  const { body, status } = await api.patch<PlanAnswer>(`/hyper-running/plans/${planId}`, change, { 'if-match': `"${planHash}"` }); // prettier-ignore
  if (status !== 200) throw new Error(`${agent} cannot have the task: ${JSON.stringify(body)}`);
  return body;
};

export const dataOf = <T extends Recorded['type']>(events: readonly Recorded[], type: T) =>
  events.flatMap((event) => (event.type === type ? [event.data as Extract<Recorded, { type: T }>['data']] : []));
