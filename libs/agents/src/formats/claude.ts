// `claude -p --output-format stream-json --verbose`
import { z } from 'zod';
import type { Heard, MakeFormat } from './format.js';

const Usage = z.looseObject({
  input_tokens: z.number().catch(0),
  output_tokens: z.number().catch(0),
  cache_creation_input_tokens: z.number().nullish().catch(0),
  cache_read_input_tokens: z.number().nullish().catch(0),
});
const Block = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  thinking: z.string().optional(),
  id: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
  tool_use_id: z.string().optional(),
  content: z.unknown().optional(),
  is_error: z.boolean().nullish(),
});
const Message = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('assistant'),
    message: z.looseObject({ id: z.string().optional(), content: z.array(z.unknown()), usage: Usage.optional() }),
  }),
  z.looseObject({
    type: z.literal('user'),
    message: z.looseObject({ content: z.union([z.string(), z.array(z.unknown())]) }),
  }),
  z.looseObject({
    type: z.literal('result'),
    subtype: z.string().catch(''),
    is_error: z.boolean().catch(false),
    result: z.string().optional(),
    total_cost_usd: z.number().nonnegative().optional(),
    usage: Usage.optional(),
  }),
]);

const PATHS = ['file_path', 'path', 'notebook_path'];

export const claude: MakeFormat = ({ narration, used, ended }: Heard) => {
  const counted = { input: 0, output: 0 };
  const seen = new Set<string>();

  /** The same usage comes with every block of one message. */
  const count = async (id: string | undefined, usage: z.infer<typeof Usage> | undefined) => {
    if (usage === undefined || id === undefined || seen.has(id)) return;
    seen.add(id);
    const { input, output } = tokensOf(usage);
    counted.input += input;
    counted.output += output;
    await used({ inputTokens: input, outputTokens: output, cost: 0 });
  };

  const block = async (raw: unknown) => {
    const { success, data } = Block.safeParse(raw);
    if (!success) return;
    if (data.type === 'text') await narration.say(data.text ?? '', 'message');
    if (data.type === 'thinking') await narration.say(data.thinking ?? '', 'thought');
    if (data.type === 'tool_use')
      await narration.call({
        id: data.id ?? '',
        tool: data.name,
        input: data.input,
        paths: pathsOf(data.input),
        state: 'started',
      });
    if (data.type === 'tool_result')
      await narration.call({
        id: data.tool_use_id ?? '',
        output: data.content,
        state: data.is_error === true ? 'failed' : 'finished',
      });
  };

  return {
    async take(raw) {
      const { success, data } = Message.safeParse(raw);
      if (!success) return;
      if (data.type === 'result') {
        const total = tokensOf(data.usage ?? Usage.parse({}));
        await used({
          inputTokens: Math.max(0, total.input - counted.input),
          outputTokens: Math.max(0, total.output - counted.output),
          cost: data.total_cost_usd ?? 0,
        });
        return ended({ ok: !data.is_error && data.subtype === 'success', text: data.result ?? data.subtype });
      }
      const { content } = data.message;
      if (data.type === 'assistant') await count(data.message.id, data.message.usage);
      for (const one of Array.isArray(content) ? content : []) await block(one);
    },
  };
};

const tokensOf = (usage: z.infer<typeof Usage>) => ({
  input: usage.input_tokens + (usage.cache_creation_input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0),
  output: usage.output_tokens,
});

const Input = z.record(z.string(), z.unknown());

const pathsOf = (input: unknown): string[] => {
  const fields = Input.safeParse(input).data ?? {};
  return PATHS.flatMap((name) => {
    const path = fields[name];
    return typeof path === 'string' ? [path] : [];
  });
};
