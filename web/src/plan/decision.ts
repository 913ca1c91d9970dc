// What a person can decide about a plan, in words.
import { clean, duration, plural } from '#wording';
import type { ReadyPlan } from '../api/views.js';

type Decided = Pick<ReadyPlan, 'tasks' | 'repository' | 'baseCommit'>;

export const shortHash = (hash: string): string => hash.slice(0, 7);

/** Exactly what Execute will do. */
export const executeText = ({ tasks, repository, baseCommit }: Decided, chosen: number): string => {
  const where = `on ${clean(repository.name)} at base ${shortHash(baseCommit)}`;
  if (tasks.length === 1 && chosen === 1) return `Run the task ${where}`;
  return chosen === tasks.length
    ? `Run all ${chosen} tasks ${where}`
    : `Run ${chosen} of ${tasks.length} tasks ${where}`;
};

/** What becomes of the tasks that were not chosen. */
export const declinedText = (tasks: number, chosen: number): string | undefined => {
  const declined = tasks - chosen;
  if (chosen === 0 || declined === 0) return undefined;
  return declined === 1 ? 'The other one is declined.' : `The other ${declined} are declined.`;
};

/** Undefined when the time is over. */
export const timeLeft = (expiresAt: string, now: number): string | undefined => {
  const ms = Date.parse(expiresAt) - now;
  if (ms <= 0) return undefined;
  return duration(ms < 60_000 ? ms : Math.floor(ms / 60_000) * 60_000);
};

/** Tasks of which a file is another one by now: the service would refuse them. */
export const overtaken = ({ tasks, head }: Pick<ReadyPlan, 'tasks' | 'head'>): ReadonlySet<string> => {
  const changed = new Set(head?.changed);
  return new Set(tasks.filter(({ paths }) => paths.some((path) => changed.has(path))).map(({ taskId }) => taskId));
};

/** Why nothing can be executed now; undefined: it can. */
export interface Standing {
  readonly chosen: number;
  readonly changed: boolean;
  readonly editing: boolean;
  readonly busyWith?: string;
  readonly left?: string;
}
export const hindrance = ({ chosen, changed, editing, busyWith, left }: Standing): string | undefined => {
  if (changed) return 'The plan was changed elsewhere. Look at the new one first.';
  if (left === undefined) return 'Nobody decided in time: the plan has expired.';
  if (editing) return 'Save your edit or leave it first.';
  if (busyWith !== undefined)
    return 'Another sprint runs on this repository. This plan can be run when that one is over.';
  return chosen === 0 ? 'No task is chosen.' : undefined;
};

export type WayOut = 'show-new' | 'read-again' | 'plan-anew';
const WAYS: Readonly<Record<string, WayOut>> = {
  'plan.stale-hash': 'show-new',
  'plan.edit-stale': 'show-new',
  'plan.already-decided': 'read-again',
  'plan.expired': 'plan-anew',
  'plan.base-moved': 'plan-anew',
  'plan.scope-fixed': 'plan-anew',
};
/** What helps after a refusal. */
export const wayOut = (code: string): WayOut | undefined => WAYS[code];

export const findingsText = ({ findings }: Pick<ReadyPlan, 'findings'>): string =>
  `${findings.inScope.toLocaleString('en')} of ${plural(findings.total, 'finding')} ${findings.inScope === 1 ? 'lies' : 'lie'} in the scope.`;
