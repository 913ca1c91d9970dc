// `gemini -p … -o stream-json`
import { z } from 'zod';
import type { Heard, MakeFormat } from './format.js';

const tokens = z.number().nonnegative().catch(0);
const words = z.union([z.string(), z.looseObject({ message: z.string() }).transform(({ message }) => message)]);
const Message = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('message'),
    role: z.string(),
    content: z.string(),
    delta: z.boolean().optional().catch(false),
  }),
  z.looseObject({
    type: z.literal('tool_use'),
    tool_name: z.string(),
    tool_id: z.string(),
    parameters: z.unknown().optional(),
  }),
  z.looseObject({
    type: z.literal('tool_result'),
    tool_id: z.string(),
    status: z.string(),
    output: z.unknown().optional(),
    error: z.unknown().optional(),
  }),
  z.looseObject({ type: z.literal('error'), severity: z.string().catch('error'), message: z.string() }),
  z.looseObject({
    type: z.literal('result'),
    status: z.string(),
    error: words.optional().catch(undefined),
    stats: z.looseObject({ input_tokens: tokens, output_tokens: tokens }).optional().catch(undefined),
  }),
]);
const Named = z.looseObject({ file_path: z.string().optional(), path: z.string().optional() });

export const gemini: MakeFormat = ({ narration, used, ended }: Heard) => ({
  async take(raw) {
    const { success, data } = Message.safeParse(raw);
    if (!success) return;
    switch (data.type) {
      case 'message':
        if (data.role === 'user') return;
        return data.delta === true ? narration.piece(data.content, 'message') : narration.say(data.content, 'message');
      case 'tool_use': {
        const { file_path: file, path } = Named.safeParse(data.parameters).data ?? {};
        const paths = [file, path].flatMap((one) => one ?? []);
        return narration.call({
          id: data.tool_id,
          tool: data.tool_name,
          input: data.parameters,
          paths,
          state: 'started',
        });
      }
      case 'tool_result':
        return narration.call({
          id: data.tool_id,
          output: data.output ?? data.error,
          state: data.status === 'success' ? 'finished' : 'failed',
        });
      case 'error':
        return narration.say(`${data.severity}: ${data.message}`, 'message');
      case 'result':
        await used({
          inputTokens: data.stats?.input_tokens ?? 0,
          outputTokens: data.stats?.output_tokens ?? 0,
          cost: 0,
        });
        return ended({ ok: data.status === 'success', text: data.error });
    }
  },
});
