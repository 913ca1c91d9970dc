// What a person changes about a plan, as the service wants it.
import type { PlannedTask } from '../api/views.js';
import type { BudgetWish } from './budget-wish.js';

export interface TaskForm {
  readonly title: string;
  readonly instructions: string;
  readonly agent: string;
  /** Who may take it over, in this order. */
  readonly fallbacks: readonly string[];
  readonly paths: readonly string[];
}

export interface TaskEdit extends Partial<TaskForm> {
  readonly taskId: string;
}

export interface PlanEdit {
  readonly drop?: readonly string[];
  readonly order?: readonly string[];
  readonly tasks?: readonly TaskEdit[];
  readonly scope?: readonly string[];
  readonly budgets?: BudgetWish;
  readonly setupNetwork?: boolean;
  readonly grants?: readonly string[];
}

export const formOf = ({ title, instructions, agent, fallbacks = [], paths }: PlannedTask): TaskForm => ({
  title,
  instructions,
  agent,
  fallbacks,
  paths,
});

/** Only what is another than before; undefined: nothing is. Instructions count for agents alone that follow words. */
export const editOf = (task: PlannedTask, form: TaskForm, followsWords: boolean): TaskEdit | undefined => {
  const title = form.title.trim();
  const fallbacks = form.fallbacks.filter((kind) => kind !== form.agent);
  const change: Partial<TaskForm> = {
    ...(title === task.title ? {} : { title }),
    ...(form.agent === task.agent ? {} : { agent: form.agent }),
    ...(fallbacks.join(' ') === (task.fallbacks ?? []).join(' ') ? {} : { fallbacks }),
    ...(!followsWords || form.instructions === task.instructions ? {} : { instructions: form.instructions }),
    ...(form.paths.length === task.paths.length ? {} : { paths: form.paths }),
  };
  return Object.keys(change).length === 0 ? undefined : { taskId: task.taskId, ...change };
};

/** The ids with one of them moved to another place; the same list when it cannot move there. */
export const moved = (ids: readonly string[], id: string, to: number): readonly string[] => {
  const from = ids.indexOf(id);
  if (from < 0 || to < 0 || to >= ids.length || to === from) return ids;
  return ids.toSpliced(from, 1).toSpliced(to, 0, id);
};
