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
  used: z.number().nonnegative().optional().catch(undefined),
  size: z.number().positive().optional().catch(undefined),
  cost: z.looseObject({ amount: z.number().nonnegative(), currency: z.string() }).nullish().catch(undefined),
});

const Mode = z.looseObject({ currentModeId: text });
const Commands = z.looseObject({ availableCommands: z.array(z.looseObject({ name: text })).catch([]) });
const Options = z.looseObject({
  configOptions: z.array(z.looseObject({ id: text, currentValue: z.unknown().optional() })).catch([]),
});
const Info = z.looseObject({ title: maybe });
const Notice = z.looseObject({ severity: text, title: text, description: maybe });
const Compaction = z.looseObject({ status: text, error: maybe });

/** Follows one session: each of its updates is an event, put together where they come in pieces or without end. */
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
    if (!parsed.success) return this.narration.unknown('malformed');
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
        return this.narration.piece(chunkOf(update), 'prompt');
      case 'compaction_summary_chunk':
        return this.narration.piece(chunkOf(update), 'summary');
      case 'current_mode_update':
        return this.narration.session({ what: 'mode', summary: Mode.parse(update).currentModeId });
      case 'available_commands_update':
        return this.narration.session({ what: 'commands', summary: namesOf(Commands.parse(update).availableCommands) });
      case 'config_option_update':
        return this.narration.session({ what: 'options', summary: optionsOf(Options.parse(update).configOptions) });
      case 'session_info_update':
        return this.#titled(Info.parse(update).title);
      case 'notice':
        return this.narration.session({ what: 'notice', summary: noticeOf(Notice.parse(update)) });
      case 'compaction_update':
        return this.narration.session({ what: 'compaction', summary: compactionOf(Compaction.parse(update)) });
      default:
        return this.narration.unknown(update.sessionUpdate);
    }
  }

  /** It may tell of other things than its title. */
  async #titled(title: string | null | undefined): Promise<void> {
    if (title == null || title === '') return this.moved();
    return this.narration.session({ what: 'title', summary: title });
  }

  async #call(update: unknown): Promise<void> {
    const parsed = Call.safeParse(update);
    if (!parsed.success) return this.narration.unknown('tool_call without an id');
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
    const { cost, used, size } = Used.parse(update);
    if (used === undefined || size === undefined) this.moved();
    else await this.narration.usage(used, size);
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

const namesOf = (list: readonly { readonly name: string }[]): string => list.map(({ name }) => name).join(', ');

const optionsOf = (list: readonly { readonly id: string; readonly currentValue?: unknown }[]): string =>
  list.map(({ id, currentValue }) => `${id}: ${typeof currentValue === 'string' ? currentValue : JSON.stringify(currentValue)}`).join(', '); // prettier-ignore

const noticeOf = ({ severity, title, description }: z.infer<typeof Notice>): string =>
  [severity, title, description].filter((part) => part != null && part !== '').join(': ');

const compactionOf = ({ status, error }: z.infer<typeof Compaction>): string =>
  [status, error].filter((part) => part != null && part !== '').join(': ');
