// The life of one task. Pure: no clock, no randomness, no I/O.
import type { Decider } from './decider.js';
import { decideTask, type TaskCommand } from './task-decisions.js';
import { evolveTask } from './task-evolution.js';
import type { TaskEvent, TaskState } from './task-state.js';

export * from './task-state.js';
export type { Handover, TaskCommand } from './task-decisions.js';
export type { BlockAnswer } from './task-answers.js';

export const task: Decider<TaskState, TaskCommand, TaskEvent> = {
  initial: { status: 'absent' },
  decide: decideTask,
  evolve: evolveTask,
};
