import {
  BaseAgent,
  registerAgent,
  type AgentContext,
  type AgentResult,
  type AgentTask,
  type Toolbox,
  type Usage,
} from '#agents';

/** What an agent does before it repairs its files. */
export interface Stage {
  readonly task: AgentTask;
  readonly tools: Toolbox;
  /** Says that a model was asked, as an agent of one's own does. */
  readonly reportModelCall: (usage: Usage) => Promise<void>;
  /** Counts a model call as the service does for agents that reach their model through it. */
  readonly spend: (usage: Usage) => Promise<void>;
}
export type Script = (stage: Stage) => Promise<void>;

const scripts = new Map<string, Script>();

/** From now on, whoever is to repair this file does so first. */
export const scriptFor = (path: string, script: Script): void => void scripts.set(path, script);

/** Repairs misspellings and the form of Markdown as far as the tests have any; before that it does what a test tells it. */
class ScriptedAgent extends BaseAgent {
  readonly kind = 'scripted';
  readonly name = 'Scripted';
  readonly role = 'Does what a test tells it';
  override readonly understandsWords = true;
  #spend?: (usage: Usage) => Promise<void>;

  override run(context: AgentContext): Promise<AgentResult> {
    this.#spend = context.ports.spend;
    return super.run(context);
  }

  protected async work(task: AgentTask, tools: Toolbox): Promise<AgentResult> {
    await scripts.get(task.paths[0] ?? '')?.({
      task,
      tools,
      reportModelCall: (usage) =>
        this.emitEvent('action.model-call-finished', { ...usage, callId: 'model', durationMs: 1 }),
      spend: async (usage) => this.#spend?.(usage),
    });
    for (const path of task.paths) {
      const text = (await tools.read(path)) ?? '';
      const mended = text
        .replaceAll('recieve', 'receive')
        .replaceAll(/ +\n/g, '\n')
        .replaceAll(/\n{3,}/g, '\n\n');
      await tools.write(path, mended);
    }
    return { outcome: 'done', summary: 'Repaired it.' };
  }
}

/** For services that are started in this process. */
export const registerScriptedAgent = (): void => registerAgent(() => new ScriptedAgent());
