import type { SprintTask } from '../api.js';
import { oneLine } from '../text.js';

/** How to answer from elsewhere, one line for each way. */
export const answerHints = ({ taskId, blocked }: Pick<SprintTask, 'taskId' | 'blocked'>): string[] => {
  return [...waysOn(taskId, blocked), `hyper-run discard ${taskId}   give it up, so that the sprint can go on`];
};

const waysOn = (taskId: string, blocked: SprintTask['blocked']): string[] => {
  const answer = `hyper-run answer ${taskId}`;
  if (blocked == null) return [];
  if (blocked.kind === 'budget') return [`${answer} --grant <how much more>`];
  if (blocked.kind === 'publishing') return [`${answer}   try to make its branch again`];
  const options = blocked.question?.options ?? [];
  return options.length === 0
    ? [`${answer} --text '…'`]
    : options.map(({ id, label }) => `${answer} --choice ${oneLine(id)}   ${oneLine(label)}`);
};
