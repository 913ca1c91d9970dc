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
