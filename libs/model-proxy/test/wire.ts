// What a model says, as the providers put it on the wire: streams of events, in pieces.
import { type ScriptedAnswer, type SeenRequest, sse } from './scripted-model.js';

export interface Said {
  readonly text?: string;
  /** `input` as text: JSON that a model got wrong. */
  readonly calls?: readonly { readonly tool: string; readonly input: unknown }[];
  readonly finish?: 'stop' | 'length' | 'content_filter';
  readonly input?: number;
  readonly output?: number;
}

export type Wire = 'openai-compatible' | 'anthropic';

const halves = (text: string): string[] => {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)].filter((part) => part !== '');
};
const inputOf = (input: unknown): string => (typeof input === 'string' ? input : JSON.stringify(input));

export const openAi = ({ text = '', calls = [], finish, input = 10, output = 5 }: Said): ScriptedAnswer => {
  const chunk = (delta: object, finish_reason: string | null = null) =>
    sse({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason }] }); // prettier-ignore
  return {
    chunks: [
      chunk({ role: 'assistant', content: '' }),
      ...halves(text).map((content) => chunk({ content })),
      ...calls.flatMap((call, index) => [
        chunk({ tool_calls: [{ index, id: `call-${index}`, type: 'function', function: { name: call.tool, arguments: '' } }] }), // prettier-ignore
        ...halves(inputOf(call.input)).map((part) => chunk({ tool_calls: [{ index, function: { arguments: part } }] })),
      ]),
      chunk({}, finish ?? (calls.length > 0 ? 'tool_calls' : 'stop')),
      sse({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output } }), // prettier-ignore
      sse('[DONE]'),
    ],
  };
};

const STOPS = { stop: 'end_turn', length: 'max_tokens', content_filter: 'refusal' } as const;

export const anthropic = ({ text = '', calls = [], finish, input = 10, output = 5 }: Said): ScriptedAnswer => {
  const event = (data: { readonly type: string; readonly [field: string]: unknown }) => sse(data, data.type);
  const block = (index: number, content_block: object, deltas: readonly object[]) => [
    event({ type: 'content_block_start', index, content_block }),
    ...deltas.map((delta) => event({ type: 'content_block_delta', index, delta })),
    event({ type: 'content_block_stop', index }),
  ];
  const texts = text === '' ? [] : [halves(text).map((part) => ({ type: 'text_delta', text: part }))];
  const message = { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null, stop_sequence: null }; // prettier-ignore
  const stop_reason = finish === undefined ? (calls.length > 0 ? 'tool_use' : 'end_turn') : STOPS[finish];
  return {
    chunks: [
      event({ type: 'message_start', message: { ...message, usage: { input_tokens: input, output_tokens: 1 } } }),
      ...texts.flatMap((deltas) => block(0, { type: 'text', text: '' }, deltas)),
      ...calls.flatMap(({ tool, input: given }, index) =>
        block(
          index + texts.length,
          { type: 'tool_use', id: `call-${index}`, name: tool, input: {} },
          halves(inputOf(given)).map((part) => ({ type: 'input_json_delta', partial_json: part })),
        ),
      ),
      event({ type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: output } }),
      event({ type: 'message_stop' }),
    ],
  };
};

export const onWire = (wire: Wire, said: Said): ScriptedAnswer =>
  wire === 'anthropic' ? anthropic(said) : openAi(said);

/** What the tools answered last, whatever the wire, in their order. */
export const toolAnswers = ({ json }: SeenRequest): string[] => {
  const messages = (json['messages'] ?? []) as readonly { readonly role: string; readonly content: unknown }[];
  const last = messages.slice(messages.findLastIndex(({ role }) => role === 'assistant') + 1);
  return last.flatMap(({ role, content }) => {
    if (role === 'tool') return [String(content)];
    const parts = (Array.isArray(content) ? content : []) as readonly { type?: string; content?: unknown }[];
    return parts.flatMap((part) => (part.type === 'tool_result' ? [textIn(part.content)] : []));
  });
};

const textIn = (content: unknown): string =>
  Array.isArray(content)
    ? content.map((part: { text?: string }) => part.text ?? '').join('')
    : typeof content === 'string'
      ? content
      : JSON.stringify(content);
