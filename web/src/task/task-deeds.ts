import { write } from '../api/client.js';
import { useDeed } from '../api/reads.js';
import type { SprintView, TaskView } from '../api/views.js';
import { awaitEvent } from '../live/await-event.js';
import { go } from '../shell/route.js';

export interface Answer {
  /** The question that was read: another one is not answered. */
  readonly questionId?: string;
  readonly choice?: string;
  readonly text?: string;
  readonly grant?: { readonly amount: number };
}

/** What a person can do to a task. Each counts as done when its event was seen. */
export const useTaskDeeds = (taskId: string) => {
  const path = `/hyper-running/tasks/${taskId}`;
  const told = (deed: string, type: string) => async (body: object) => {
    const seen = awaitEvent((event) => event.type === type && event.taskId === taskId);
    await write<TaskView>(`${path}/${deed}`, body);
    await seen;
  };
  const followUp = (deed: string) => async (body: object) => {
    const { sprintId } = await write<SprintView>(`${path}/${deed}`, body);
    go({ screen: 'sprint', sprintId, tab: 'overview' });
  };
  return {
    answer: useDeed<Answer, void>(told('answer', 'task.answered'), 'Answered.', 'here'),
    cancel: useDeed<object, void>(told('cancel', 'task.cancelled'), 'The task was cancelled.', 'here'),
    discard: useDeed<object, void>(told('discard', 'task.discarded'), 'The task was discarded.', 'here'),
    retry: useDeed<object, void>(followUp('retry'), 'A follow-up does it again.', 'here'),
    requestChanges: useDeed<object, void>(followUp('request-changes'), 'A follow-up was made of your comment.', 'here'),
  };
};
export type TaskDeeds = ReturnType<typeof useTaskDeeds>;
