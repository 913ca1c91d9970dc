// What an agent tells by `session/update`. Values that are not known do no harm: the protocol grows.
import { z } from 'zod';
import type { Narration } from './narration.js';

const text = z.string().catch('');
const maybe = z.string().nullish().catch(undefined);

const Update = z.looseObject({ update: z.looseObject({ sessionUpdate: z.string() }) });
const Chunk = z.looseObject({ content: z.looseObject({ type: text, text: text.optional() }).catch({ type: '' }) });
const Call = z.looseObject({
  toolCallId: z.string(),
  title: maybe,
  kind: maybe,
  status: maybe,
  content: z.array(z.unknown()).nullish().catch(undefined),
  locations: z
    .array(z.looseObject({ path: z.string() }))
    .nullish()
    .catch(undefined),
  rawInput: z.unknown().optional(),
  rawOutput: z.unknown().optional(),
});
type Call = z.infer<typeof Call>;
const Content = z.looseObject({
  type: z.string(),
  path: z.string().optional().catch(undefined),
  content: z.looseObject({ text: z.string() }).optional().catch(undefined),
});
const Plan = z.looseObject({ entries: z.array(z.looseObject({ content: text, status: text })).catch([]) });
const Used = z.looseObject({
  cost: z.looseObject({ amount: z.number().nonnegative(), currency: z.string() }).nullish().catch(undefined),
});

/** Follows one session. */
export class SessionUpdates {
  #paid = 0;

  constructor(
    private readonly narration: Narration,
    /** Told US dollars, those since the last time. */
    private readonly spent: (cost: number) => Promise<void>,
    private readonly moved: () => void,
  ) {}

  async take(params: unknown): Promise<void> {
    const parsed = Update.safeParse(params);
    if (!parsed.success) return this.narration.unknown('session/update', 'malformed');
    const { update } = parsed.data;
    switch (update.sessionUpdate) {
      case 'agent_message_chunk':
        return this.narration.piece(chunkOf(update), 'message');
      case 'agent_thought_chunk':
        return this.narration.piece(chunkOf(update), 'thought');
      case 'tool_call':
      case 'tool_call_update':
        return this.#call(update);
      case 'plan':
        return this.narration.plan(Plan.parse(update).entries);
      case 'usage_update':
        return this.#used(update);
      case 'user_message_chunk':
      case 'available_commands_update':
      case 'current_mode_update':
      case 'config_option_update':
      case 'session_info_update':
      case 'compaction_update':
      case 'compaction_summary_chunk':
      case 'notice':
        return this.moved();
      default:
        return this.narration.unknown('session/update', update.sessionUpdate);
    }
  }

  async #call(update: unknown): Promise<void> {
    const parsed = Call.safeParse(update);
    if (!parsed.success) return this.narration.unknown('session/update', 'tool_call without an id');
    const call = parsed.data;
    const contents = (call.content ?? []).flatMap((one) => Content.safeParse(one).data ?? []);
    const words = contents.flatMap(({ content }) => content?.text ?? []).join('\n');
    await this.narration.call({
      id: call.toolCallId,
      tool: call.kind,
      title: call.title,
      input: call.rawInput,
      output: words === '' ? call.rawOutput : words,
      paths: [
        ...(call.locations ?? []).map(({ path }) => path),
        ...contents.flatMap(({ type, path }) => (type === 'diff' && path !== undefined ? [path] : [])),
      ],
      state: stateOf(call),
    });
  }

  async #used(update: unknown): Promise<void> {
    const { cost } = Used.parse(update);
    this.moved();
    if (cost == null || cost.currency !== 'USD' || cost.amount <= this.#paid) return;
    const more = cost.amount - this.#paid;
    this.#paid = cost.amount;
    await this.spent(more);
  }
}

const chunkOf = (update: unknown): string => {
  const { content } = Chunk.parse(update);
  return content.type === 'text' ? (content.text ?? '') : `[${content.type || 'something'}]`;
};

const stateOf = ({ status }: Call) => {
  if (status === 'completed') return 'finished';
  if (status === 'failed') return 'failed';
  return status == null || status === 'pending' ? 'waiting' : 'started';
};
