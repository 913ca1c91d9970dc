// What was said so far, and what may be left out of it when it grows too long. Pure.
import type { ModelMessage, ToolModelMessage, ToolResultPart } from 'ai';

export const LEFT_OUT = 'Left out, as the conversation grew too long. Ask again if it matters.';

export const toolMessage = (
  results: readonly { readonly id: string; readonly tool: string; readonly text: string }[],
): ToolModelMessage => ({
  role: 'tool',
  content: results.map(({ id, tool, text }): ToolResultPart => ({
    type: 'tool-result',
    toolCallId: id,
    toolName: tool,
    output: { type: 'text', value: text },
  })),
});

/** Short ones say what happened, and win nothing. */
const SHORT = 400;

/**
 * The same conversation with the older half of the long tool answers left out; undefined where there is nothing left to
 * leave out. The task itself, and what the model said and asked for, stays.
 */
export const shortened = (messages: readonly ModelMessage[]): ModelMessage[] | undefined => {
  const long = messages.flatMap((message) => (message.role === 'tool' ? message.content.filter(isLong) : []));
  if (long.length === 0) return undefined;
  const dropped = new Set<unknown>(long.slice(0, Math.ceil(long.length / 2)));
  return messages.map((message) =>
    message.role === 'tool'
      ? { ...message, content: message.content.map((part) => (dropped.has(part) ? emptied(part) : part)) }
      : message,
  );
};

type Part = ToolModelMessage['content'][number];

const isLong = (part: Part): boolean =>
  part.type === 'tool-result' && part.output.type === 'text' && part.output.value.length > SHORT;

const emptied = (part: Part): Part =>
  part.type === 'tool-result' ? { ...part, output: { type: 'text', value: LEFT_OUT } } : part;
