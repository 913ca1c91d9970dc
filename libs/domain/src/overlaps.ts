// Tasks of one plan that may change the same file: whoever merges both may meet a conflict. Pure.
import type { PlannedTask } from '#contracts';

/** The paths that both may change. */
export const sharedPaths = (a: Pick<PlannedTask, 'paths'>, b: Pick<PlannedTask, 'paths'>): string[] =>
  a.paths.filter((path) => b.paths.includes(path));

/** Each task with the others that it overlaps with, in their order; none: the field is left out. */
export const withOverlaps = (tasks: readonly PlannedTask[]): PlannedTask[] =>
  tasks.map(({ overlaps: _before, ...task }) => {
    const overlaps = tasks
      .filter((other) => other.taskId !== task.taskId && sharedPaths(task, other).length > 0)
      .map(({ taskId }) => taskId);
    return overlaps.length === 0 ? task : { ...task, overlaps };
  });

/** Every task directly behind the last one before it that it overlaps with, so that a person sees them together. */
export const besideOverlapping = (tasks: readonly PlannedTask[]): PlannedTask[] =>
  tasks.reduce<PlannedTask[]>((placed, task) => {
    const beside = placed.findLastIndex((other) => sharedPaths(task, other).length > 0);
    return beside < 0 ? [...placed, task] : placed.toSpliced(beside + 1, 0, task);
  }, []);
