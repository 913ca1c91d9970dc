import { eventText, type EventData, HyperRunError, isEventType, type Oid, type PlannedTask } from '#contracts';
import type { ActionType, ToolSession } from './tool-session.js';
import { createToolbox } from './toolbox.js';
import type { Toolbox, ToolPorts } from './tools.js';

/** What an agent is asked to do. */
export interface AgentTask extends Pick<
  PlannedTask,
  'taskId' | 'title' | 'kind' | 'rationale' | 'evidence' | 'paths' | 'instructions'
> {
  readonly baseCommit: Oid;
  /** 1, 2, … */
  readonly attempt: number;
  /** What people answered in earlier attempts at this task. */
  readonly answers?: readonly { readonly question: string; readonly answer: string }[];
  /** What a person said about an earlier candidate, and its patch. */
  readonly changes?: { readonly comment: string; readonly patch?: string };
}

export interface AgentResult {
  /** `gave-up` fails the task; `done` without any change does so too. */
  readonly outcome: 'done' | 'gave-up';
  /** A sentence for people. */
  readonly summary: string;
}

export interface AgentContext {
  readonly task: AgentTask;
  readonly ports: ToolPorts;
}

/**
 * The base of every agent. An agent does its work through the tools that it is given and through nothing else; what it says
 * of itself is marked as reported. One instance carries out one task at a time.
 *
 * ```ts
 * class TitleAgent extends BaseAgent {
 *   readonly kind = 'titles';
 *   readonly name = 'Titles';
 *   readonly role = 'Gives every page a title';
 *
 *   protected async work(task: AgentTask, tools: Toolbox): Promise<AgentResult> {
 *     for (const path of task.paths) {
 *       const text = await tools.read(path);
 *       if (text?.startsWith('# ') === false) await tools.write(path, `# ${path}\n\n${text}`);
 *     }
 *     return { outcome: 'done', summary: `Gave ${task.paths.length} pages a title.` };
 *   }
 * }
 * registerAgent(() => new TitleAgent());
 * ```
 */
export abstract class BaseAgent {
  /** What a plan calls it: `links`, `lint` …; at most 40 characters of a-z, 0-9 and hyphen. */
  abstract readonly kind: string;
  abstract readonly name: string;
  abstract readonly role: string;
  /** Changes with what it does to files: a plan that was approved for another version is not carried out. */
  readonly version: string = '1';
  /** `tree`: a tree in memory is enough. `sandbox`: it is a program of its own, and is given `ports.workspace`. */
  readonly workplace: 'tree' | 'sandbox' = 'tree';
  /** Whether it can follow words: instructions, answers, requested changes. */
  readonly understandsWords: boolean = false;
  #session: ToolSession | undefined;

  /** What a plan names it by: kind and version. */
  get digest(): string {
    return `${this.kind}@${this.version}`;
  }

  /** The work itself. When `signal` is aborted the attempt is over, and nothing that is done afterwards counts. */
  protected abstract work(task: AgentTask, tools: Toolbox, signal: AbortSignal): Promise<AgentResult>;

  /**
   * Carries out one task, once. Settles as soon as the attempt is over, even if `work` does not, and fails if a tool ended it,
   * even if `work` caught that.
   * @throws HyperRunError agent.busy, agent.refused-too-often, agent.budget-exceeded; what `work` throws; the signal's reason
   */
  async run({ task, ports }: AgentContext): Promise<AgentResult> {
    if (this.#session)
      throw new HyperRunError('agent.busy', `Agent ${this.kind} is at work; use one instance per task.`, {}, 'retry');
    const { tools, session } = createToolbox(ports);
    this.#session = session;
    try {
      session.signal.throwIfAborted();
      const over = whenAborted(session.signal);
      const result = await Promise.race([over, this.work(task, tools, session.signal)]);
      session.signal.throwIfAborted();
      return { outcome: result.outcome, summary: eventText(result.summary, ports.secrets).slice(0, 2000) };
    } finally {
      session.close();
      await this.cleanUp();
      this.#session = undefined;
    }
  }

  /** Called once the task is over, however it ended; the worker goes on when it settles. It must not throw. */
  protected cleanUp(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Reports an action of the agent's own, as `reported`. Id, time, sender, task and attempt are added by the system; secrets are
   * masked. Only `action.*`: everything else is for the worker, the orchestrator and people to say.
   * @throws HyperRunError agent.event-not-allowed, agent.invalid-event, agent.not-running
   */
  protected async emitEvent<T extends ActionType>(
    type: T,
    payload: Omit<EventData<T>, 'attempt' | 'origin'>,
  ): Promise<void> {
    const session = this.#running();
    if (!isActionType(type)) {
      throw new HyperRunError(
        'agent.event-not-allowed',
        `An agent may report action.* events; found ${JSON.stringify(type)}.`,
        { type },
      );
    }
    await session.admit();
    await session.act(type, 'reported', maskAll({ ...payload }, session.ports.secrets ?? []));
    session.ports.progress?.();
  }

  /** A sign of life that is no event: something moved. */
  protected progress(note?: string): void {
    this.#running().ports.progress?.(note);
  }

  /** For adapters: what the worker gave for this task, and the one place where events are written. */
  protected get session(): ToolSession {
    return this.#running();
  }

  #running(): ToolSession {
    if (this.#session) return this.#session;
    throw new HyperRunError('agent.not-running', `Agent ${this.kind} has no task at the moment.`);
  }
}

const isActionType = (type: string): type is ActionType => isEventType(type) && type.startsWith('action.');

const whenAborted = (signal: AbortSignal): Promise<never> => {
  const over = new Promise<never>((_, reject) => {
    signal.addEventListener(
      'abort',
      () => reject(signal.reason instanceof Error ? signal.reason : new Error('The attempt is over.')),
      { once: true },
    );
  });
  over.catch(() => undefined);
  return over;
};

const DEEPEST = 8;

const maskValue = (value: unknown, secrets: readonly string[], depth: number): unknown => {
  if (typeof value === 'string') return eventText(value, secrets);
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => maskValue(item, secrets, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, maskValue(item, secrets, depth + 1)]));
};

const maskAll = (payload: Readonly<Record<string, unknown>>, secrets: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(payload).map(([key, value]) => [key, maskValue(value, secrets, 1)]));
