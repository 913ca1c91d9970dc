// `codex exec --json`
import { z } from 'zod';
import type { Heard, MakeFormat } from './format.js';

const tokens = z.number().nonnegative().catch(0);
const Item = z.looseObject({
  id: z.string().catch(''),
  type: z.string(),
  text: z.string().optional().catch(undefined),
  command: z.unknown().optional(),
  aggregated_output: z.string().optional().catch(undefined),
  exit_code: z.number().nullish().catch(undefined),
  status: z.string().optional().catch(undefined),
  changes: z
    .array(z.looseObject({ path: z.string(), kind: z.string().catch('') }))
    .optional()
    .catch(undefined),
  items: z
    .array(z.looseObject({ text: z.string(), completed: z.boolean() }))
    .optional()
    .catch(undefined),
  message: z.string().optional().catch(undefined),
});
type Item = z.infer<typeof Item>;
const Message = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('turn.completed'),
    usage: z.looseObject({ input_tokens: tokens, output_tokens: tokens }).optional(),
  }),
  z.looseObject({
    type: z.literal('turn.failed'),
    error: z.looseObject({ message: z.string() }).catch({ message: 'unknown' }),
  }),
  z.looseObject({ type: z.enum(['item.started', 'item.updated', 'item.completed']), item: Item }),
]);

export const codex: MakeFormat = ({ narration, used, ended }: Heard) => {
  const take = async (item: Item, completed: boolean): Promise<void> => {
    if (item.type === 'agent_message' || item.type === 'reasoning')
      return completed ? narration.say(item.text ?? '', item.type === 'reasoning' ? 'thought' : 'message') : undefined;
    if (item.type === 'todo_list')
      return narration.plan(
        (item.items ?? []).map(({ text, completed: done }) => ({ content: text, status: done ? 'completed' : '' })),
      );
    if (item.type === 'error') return narration.say(item.message ?? '', 'message');
    const failed = item.status === 'failed' || item.status === 'declined';
    await narration.call({
      id: item.id,
      tool: item.type,
      input: item.command ?? item.changes?.map(({ kind, path }) => `${kind} ${path}`).join(', '),
      output: item.aggregated_output,
      paths: item.changes?.map(({ path }) => path),
      state: completed ? (failed || (item.exit_code ?? 0) !== 0 ? 'failed' : 'finished') : 'started',
    });
  };
  return {
    async take(raw) {
      const { success, data } = Message.safeParse(raw);
      if (!success) return;
      if (data.type === 'turn.failed') return ended({ ok: false, text: data.error.message });
      if (data.type !== 'turn.completed') return take(data.item, data.type === 'item.completed');
      await used({ inputTokens: data.usage?.input_tokens ?? 0, outputTokens: data.usage?.output_tokens ?? 0, cost: 0 });
      ended({ ok: true });
    },
  };
};
