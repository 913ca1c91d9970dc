// What a task cost, and what it asked of people and was given: told from its events alone.
import type { Recorded } from '#contracts';
import { budgetAmount, budgetText } from '#wording';
import { plain } from './markdown-words.js';
import type { Report, ReportedBlock } from './report.schema.js';

type Told<T extends Recorded['type']> = Extract<Recorded, { readonly type: T }>;

/** Every block with what ended it. A block that nobody ended before the task did has no answer. */
export const blocksOf = (events: readonly Recorded[]): ReportedBlock[] =>
  events.flatMap((event, index) => {
    if (event.type !== 'task.blocked') return [];
    const next = events.slice(index + 1).find(({ type }) => type === 'task.blocked' || type === 'task.answered');
    return [blockOf(event, next?.type === 'task.answered' ? next : undefined)];
  });

const blockOf = ({ data, time }: Told<'task.blocked'>, answer: Told<'task.answered'> | undefined): ReportedBlock => {
  const { kind, reason, question, spent } = data;
  return {
    kind,
    asked: question?.text ?? reason,
    askedAt: new Date(time).toISOString(),
    ...(spent === undefined ? {} : { spent }),
    ...(answer === undefined ? {} : { answered: answeredOf(answer, question?.options ?? []) }),
  };
};

const answeredOf = (
  { actor, data, time }: Told<'task.answered'>,
  options: readonly { readonly id: string; readonly label: string }[],
): NonNullable<ReportedBlock['answered']> => {
  const { choice, text, granted, timedOut } = data;
  const label = options.find(({ id }) => id === choice)?.label ?? choice;
  return {
    at: new Date(time).toISOString(),
    by: actor,
    text: [label, text].filter(Boolean).join(': '),
    ...(granted === undefined ? {} : { granted }),
    timedOut,
  };
};

/** `3 model calls, 1,200 tokens, $0.25`. */
export const costText = ({ modelCalls, tokens, amount }: Report['cost']): string =>
  `${modelCalls} model ${modelCalls === 1 ? 'call' : 'calls'}, ${budgetText('tokens', tokens)}` +
  (amount > 0 ? `, ${budgetAmount('cost', amount)}` : '');

export const blocksMarkdown = (blocks: readonly ReportedBlock[]): string[] =>
  blocks.length === 0 ? [] : ['', ...blocks.map((block) => `- Asked: ${plain(block.asked)} ${endOf(block)}`)];

const endOf = ({ answered }: ReportedBlock): string => {
  if (answered === undefined) return 'Not answered.';
  const { by, granted, text, timedOut } = answered;
  if (timedOut) return 'Nobody answered in time.';
  const given = granted === undefined ? [] : [`${budgetText(granted.budget, granted.amount)} more granted`];
  return `${plain(by)}: ${[...given, ...(text === '' ? [] : [plain(text)])].join('. ') || 'try again'}`;
};
