// An agent asks whether it may use a tool of its own: the scope answers, else the policy, else a person.
import { randomUUID } from 'node:crypto';
import type { RequestPermissionRequest, RequestPermissionResponse } from '@agentclientprotocol/sdk';
import { isHyperRunError, type EventData } from '#contracts';
import { admitPath } from './acp-files.js';
import { shownPath } from './acp-paths.js';
import type { PermissionPolicy } from './definition.js';
import type { ToolSession } from './tool-session.js';

type Option = RequestPermissionRequest['options'][number];
type Answered = Omit<EventData<'action.permission-answered'>, 'attempt' | 'origin' | 'callId'>;

const CHANGING = ['edit', 'delete', 'move'];
const READING = ['read', 'search', 'think'];

export class AcpPermissions {
  constructor(
    private readonly session: ToolSession,
    private readonly policy: PermissionPolicy,
    private readonly root: string,
  ) {}

  /** Both sides are events. What would change a path outside the scope is refused, as if it were a tool of ours. */
  async answer(request: RequestPermissionRequest): Promise<RequestPermissionResponse> {
    await this.session.admit();
    const callId = randomUUID();
    const { toolCall } = request;
    const tool = this.session.text(toolCall.kind ?? 'other', 80);
    const options = request.options.slice(0, 20);
    const summary = this.session.text(
      [toolCall.title ?? '', inputOf(toolCall.rawInput)].join(' ').trim() || tool,
      2000,
    );
    const shown = options.map((option, index) => ({ id: idOf(index), label: this.session.text(option.name, 200) }));
    await this.session.act('action.permission-asked', 'observed', { callId, tool, summary, options: shown });
    const answered =
      (await this.#outOfScope(toolCall, tool)) ??
      (await this.#decide(toolCall.kind ?? 'other', summary, shown, options));
    const allowed = answered.outcome === 'allowed';
    const chosen = answered.option === undefined ? preferred(options, allowed) : options[indexOf(answered.option)];
    const option = chosen === undefined ? {} : { option: idOf(options.indexOf(chosen)) };
    await this.session.act('action.permission-answered', 'observed', { callId, ...answered, ...option });
    return chosen === undefined
      ? { outcome: { outcome: 'cancelled' } }
      : { outcome: { outcome: 'selected', optionId: chosen.optionId } };
  }

  /** @throws HyperRunError agent.refused-too-often */
  async #outOfScope(toolCall: RequestPermissionRequest['toolCall'], tool: string): Promise<Answered | undefined> {
    if (!CHANGING.includes(toolCall.kind ?? '')) return undefined;
    const { tree } = this.session.ports;
    const paths = [
      ...(toolCall.locations ?? []).map(({ path }) => path),
      ...(toolCall.content ?? []).flatMap((content) => (content.type === 'diff' ? [content.path] : [])),
    ];
    for (const path of paths) {
      const refusal = await this.session
        .call(`permission: ${tool}`, shownPath(path, this.root), async () => admitPath(tree, path, this.root))
        .then(() => undefined)
        .catch((error: unknown) => (isHyperRunError(error, 'tool.refused') ? error : Promise.reject(error)));
      if (refusal !== undefined)
        return { outcome: 'refused', by: 'policy', reason: this.session.text(refusal.message, 2000) };
    }
    return undefined;
  }

  async #decide(
    kind: string,
    summary: string,
    shown: { readonly id: string; readonly label: string }[],
    options: readonly Option[],
  ): Promise<Answered> {
    const area = READING.includes(kind) || CHANGING.includes(kind) ? 'edit' : kind === 'execute' ? 'execute' : 'other';
    const rule = this.policy[area];
    if (rule !== 'ask')
      return {
        outcome: rule === 'allow' ? 'allowed' : 'refused',
        by: 'policy',
        reason: `permissions.${area}: ${rule}`,
      };
    const { ask } = this.session.ports;
    if (ask === undefined)
      return { outcome: 'refused', by: 'policy', reason: `permissions.${area}: ask, and nobody can be asked here` };
    const answer = await ask({
      questionId: randomUUID(),
      text: `May it use a tool of its own? ${summary}`.slice(0, 2000),
      options: shown,
    });
    const chosen = shown.some(({ id }) => id === answer.choice) ? options[indexOf(answer.choice ?? '')] : undefined;
    if (answer.timedOut || chosen === undefined)
      return {
        outcome: 'refused',
        by: 'policy',
        reason: answer.timedOut ? 'nobody answered in time' : 'no option was chosen',
      };
    const outcome = chosen.kind.startsWith('allow') ? 'allowed' : 'refused';
    return {
      outcome,
      by: 'person',
      option: answer.choice,
      reason: this.session.text(answer.text || chosen.name, 2000),
    };
  }
}

/** The agent's own ids may be anything; ours are told and heard. */
const idOf = (index: number) => `option-${index + 1}`;
const indexOf = (id: string) => Number(id.replace('option-', '')) - 1;

/** Never for longer than this once: the next time it has to ask again. */
const preferred = (options: readonly Option[], allowed: boolean): Option | undefined => {
  const kinds = allowed ? ['allow_once', 'allow_always'] : ['reject_once', 'reject_always'];
  return kinds.flatMap((kind) => options.find((option) => option.kind === kind) ?? [])[0];
};

const inputOf = (input: unknown): string =>
  input === undefined || input === null ? '' : (JSON.stringify(input) ?? '').slice(0, 1200);
