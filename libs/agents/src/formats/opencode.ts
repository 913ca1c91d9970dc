// `opencode run --format json`
import { z } from 'zod';
import type { Heard, MakeFormat } from './format.js';

const tokens = z.number().nonnegative().catch(0);
const Message = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text'), part: z.looseObject({ text: z.string() }) }),
  z.looseObject({ type: z.literal('reasoning'), part: z.looseObject({ text: z.string() }) }),
  z.looseObject({
    type: z.literal('tool_use'),
    part: z.looseObject({
      tool: z.string(),
      callID: z.string(),
      state: z.looseObject({
        status: z.string(),
        input: z.unknown().optional(),
        output: z.unknown().optional(),
        error: z.unknown().optional(),
      }),
    }),
  }),
  z.looseObject({
    type: z.literal('step_finish'),
    part: z.looseObject({
      reason: z.string().optional(),
      cost: tokens,
      tokens: z.looseObject({ input: tokens, output: tokens, reasoning: tokens }).optional(),
    }),
  }),
  z.looseObject({ type: z.literal('error'), error: z.unknown() }),
]);
const Named = z.looseObject({ filePath: z.string() });

export const opencode: MakeFormat = ({ narration, used, ended }: Heard) => ({
  async take(raw) {
    const { success, data } = Message.safeParse(raw);
    if (!success) return;
    switch (data.type) {
      case 'text':
        return narration.say(data.part.text, 'message');
      case 'reasoning':
        return narration.say(data.part.text, 'thought');
      case 'tool_use': {
        const { tool, callID: id, state } = data.part;
        const file = Named.safeParse(state.input).data?.filePath;
        const outcome = state.status === 'completed' ? 'finished' : state.status === 'error' ? 'failed' : 'started';
        return narration.call({
          id,
          tool,
          input: state.input,
          output: state.output ?? state.error,
          paths: file === undefined ? [] : [file],
          state: outcome,
        });
      }
      case 'step_finish': {
        const { cost, tokens: count } = data.part;
        await used({
          inputTokens: count?.input ?? 0,
          outputTokens: (count?.output ?? 0) + (count?.reasoning ?? 0),
          cost,
        });
        return ended({ ok: true });
      }
      case 'error':
        return ended({ ok: false, text: (JSON.stringify(data.error) ?? '').slice(0, 500) });
    }
  },
});
