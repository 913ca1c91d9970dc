// What a model says, in the words of its provider: decided from what the agent has sent, so that it obeys what it reads.
import { sse, type ScriptedAnswer, type SeenRequest } from '../../libs/model-proxy/test/scripted-model.js';

export type Turn = { readonly tool: string; readonly input: object } | { readonly text: string };

export interface Conversation {
  /** All that the person said. */
  readonly prompt: string;
  /** What its tools answered so far, the oldest first. */
  readonly results: readonly string[];
}
export type Script = (conversation: Conversation) => Turn;

export const USAGE = { input: 1000, output: 50 };

interface Message {
  readonly role: string;
  readonly content?: unknown;
}

const textOf = (content: unknown): string => {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: { readonly text?: unknown }) => (typeof part.text === 'string' ? part.text : '')).join('');
};

const partsOf = (messages: readonly Message[], role: string): string[] =>
  messages.filter((message) => message.role === role).map(({ content }) => textOf(content));

/** Chat completions of OpenAI, as a stream. What is asked without tools is a title for the session. */
export const openAi =
  (script: Script) =>
  ({ json }: SeenRequest): ScriptedAnswer => {
    const messages = Array.isArray(json['messages']) ? (json['messages'] as readonly Message[]) : [];
    const results = partsOf(messages, 'tool');
    const isTitle = !Array.isArray(json['tools']) || json['tools'].length === 0;
    const turn = isTitle ? { text: 'A task' } : script({ prompt: partsOf(messages, 'user').join('\n'), results });
    const call = 'tool' in turn ? { name: turn.tool, arguments: JSON.stringify(turn.input) } : undefined;
    const delta =
      call === undefined
        ? { role: 'assistant', content: 'text' in turn ? turn.text : '' }
        : {
            role: 'assistant',
            tool_calls: [{ index: 0, id: `call-${results.length}`, type: 'function', function: call }],
          };
    const chunk = (choices: readonly object[], more: object = {}) =>
      sse({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'scripted', choices, ...more });
    const usage = { prompt_tokens: USAGE.input, completion_tokens: USAGE.output };
    return {
      chunks: [
        chunk([{ index: 0, delta, finish_reason: null }]),
        chunk([{ index: 0, delta: {}, finish_reason: call === undefined ? 'stop' : 'tool_calls' }]),
        chunk([], { usage: { ...usage, total_tokens: USAGE.input + USAGE.output } }),
        sse('[DONE]'),
      ],
    };
  };

/** What Gemini CLI is to be answered, one line for each call: its own fake responses. */
export const geminiResponses = (turns: readonly Turn[]): string =>
  turns
    .map((turn) => {
      const part = 'tool' in turn ? { functionCall: { name: turn.tool, args: turn.input } } : { text: turn.text };
      const candidate = { content: { role: 'model', parts: [part] }, finishReason: 'STOP', index: 0 };
      const usageMetadata = { promptTokenCount: USAGE.input, candidatesTokenCount: USAGE.output, totalTokenCount: USAGE.input + USAGE.output }; // prettier-ignore
      return JSON.stringify({
        method: 'generateContentStream',
        response: [{ candidates: [candidate], usageMetadata }],
      });
    })
    .join('\n');

const answersIn = (content: unknown): string[] =>
  Array.isArray(content)
    ? content.flatMap((part: { readonly type?: unknown; readonly content?: unknown }) => (part.type === 'tool_result' ? [textOf(part.content)] : [])) // prettier-ignore
    : [];

const hasTools = (json: SeenRequest['json']): boolean => Array.isArray(json['tools']) && json['tools'].length > 0;

/** Messages of Anthropic, as a stream. */
export const anthropic =
  (script: Script) =>
  ({ json }: SeenRequest): ScriptedAnswer => {
    const messages = Array.isArray(json['messages']) ? (json['messages'] as readonly Message[]) : [];
    const results = messages.flatMap(({ content }) => answersIn(content));
    const turn = hasTools(json)
      ? script({ prompt: partsOf(messages, 'user').join('\n'), results })
      : { text: 'A task' };
    const block =
      'tool' in turn
        ? { type: 'tool_use', id: `toolu_${results.length}`, name: turn.tool, input: {} }
        : { type: 'text', text: '' };
    const delta =
      'tool' in turn
        ? { type: 'input_json_delta', partial_json: JSON.stringify(turn.input) }
        : { type: 'text_delta', text: turn.text };
    const event = (data: { readonly type: string; readonly [field: string]: unknown }) => sse(data, data.type);
    const usage = { input_tokens: USAGE.input, output_tokens: USAGE.output };
    const message = { id: `msg_${results.length}`, type: 'message', role: 'assistant', model: 'scripted', content: [], stop_reason: null, stop_sequence: null, usage }; // prettier-ignore
    const stop_reason = 'tool' in turn ? 'tool_use' : 'end_turn';
    return {
      chunks: [
        event({ type: 'message_start', message }),
        event({ type: 'content_block_start', index: 0, content_block: block }),
        event({ type: 'content_block_delta', index: 0, delta }),
        event({ type: 'content_block_stop', index: 0 }),
        event({ type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: USAGE.output } }), // prettier-ignore
        event({ type: 'message_stop' }),
      ],
    };
  };

interface Item {
  readonly type?: string;
  readonly role?: string;
  readonly content?: unknown;
  readonly output?: unknown;
}

/** Responses of OpenAI, as a stream. */
export const openAiResponses =
  (script: Script) =>
  ({ json }: SeenRequest): ScriptedAnswer => {
    const items = Array.isArray(json['input']) ? (json['input'] as readonly Item[]) : [];
    const results = items.flatMap(({ type, output }) => (type === 'function_call_output' ? [textOf(output)] : []));
    const prompt = items.flatMap(({ role, content }) => (role === 'user' ? [textOf(content)] : [])).join('\n');
    const turn = hasTools(json) ? script({ prompt, results }) : { text: 'A task' };
    const id = `resp_${results.length}`;
    const item =
      'tool' in turn
        ? { type: 'function_call', id: `fc_${results.length}`, call_id: `call_${results.length}`, name: turn.tool, arguments: JSON.stringify(turn.input) } // prettier-ignore
        : { type: 'message', id: `m_${results.length}`, role: 'assistant', content: [{ type: 'output_text', text: turn.text }] }; // prettier-ignore
    const usage = { input_tokens: USAGE.input, input_tokens_details: { cached_tokens: 0 }, output_tokens: USAGE.output, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: USAGE.input + USAGE.output }; // prettier-ignore
    const event = (data: { readonly type: string; readonly [field: string]: unknown }) => sse(data, data.type);
    return {
      chunks: [
        event({ type: 'response.created', response: { id } }),
        event({ type: 'response.output_item.done', output_index: 0, item }),
        event({ type: 'response.completed', response: { id, usage } }),
      ],
    };
  };
