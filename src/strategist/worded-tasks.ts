// What a model may do to the tasks of a plan: choose among them, order them, word them. Everything else stays. Pure.
import { z } from 'zod';
import { eventText, HyperRunError, type PlannedTask } from '#contracts';

const LONGEST_TITLE = 120;
const LONGEST_RATIONALE = 600;

/** Names what else it may hold: a model that wants to change more is not followed at all. */
const Answer = z.strictObject({
  tasks: z.array(
    z.strictObject({
      taskId: z.string().max(80),
      title: z.string().min(3).max(LONGEST_TITLE),
      rationale: z.string().min(3).max(LONGEST_RATIONALE),
    }),
  ),
});

/**
 * The chosen tasks in the order of the answer, in its words; the facts of the scan stay behind its reasons.
 * @throws HyperRunError strategist.unfit-wording: not exactly `count` tasks, each once and one of the candidates, or of another
 * form
 */
export const wordedTasks = (text: string, candidates: readonly PlannedTask[], count: number): PlannedTask[] => {
  const parsed = Answer.safeParse(jsonIn(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw unfit(`${issue?.path.join('.') || 'the answer'}: ${issue?.message ?? 'is malformed'}`);
  }
  const { tasks } = parsed.data;
  if (tasks.length !== count) throw unfit(`it has ${tasks.length} tasks, expected were ${count}`);
  if (new Set(tasks.map(({ taskId }) => taskId)).size !== count) throw unfit('it names a task twice');
  return tasks.map(({ taskId, title, rationale }) => {
    const task = candidates.find((one) => one.taskId === taskId);
    if (task === undefined) throw unfit(`there is no task ${JSON.stringify(taskId)} to choose`);
    const words = { title: oneLine(title), rationale: oneLine(rationale) };
    if (words.title.length < 3 || words.rationale.length < 3) throw unfit(`task ${taskId} is left without words`);
    return { ...task, title: words.title, rationale: `${words.rationale} ${task.rationale}`.slice(0, 2000) };
  });
};

const oneLine = (text: string): string => eventText(text).replaceAll(/\s+/g, ' ').trim();

/** Models like to put JSON into a code block, or a sentence before it. */
const jsonIn = (text: string): unknown => {
  try {
    return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1));
  } catch (cause) {
    throw unfit('it is not JSON', cause);
  }
};

const unfit = (why: string, cause?: unknown) =>
  new HyperRunError('strategist.unfit-wording', `The answer of the model does not fit: ${why}.`, {}, 'caller', {
    cause,
  });
