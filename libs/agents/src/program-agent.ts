import { randomUUID } from 'node:crypto';
import { HyperRunError, type EventData } from '#contracts';
import { BaseAgent } from './base-agent.js';
import { definitionVersion } from './definition.js';
import { Narration } from './narration.js';
import { programOf, type ProgramDefinition, type ProgramWords } from './program.js';
import { ProgramRun } from './program-run.js';
import type { ActionType } from './tool-session.js';
import type { Usage } from './tools.js';

/** Where the tree of a task lies in the sandbox. */
export const ROOT = '/repository';

/** An agent from outside that is a program of its own: it works in the sandbox, as its definition says. */
export abstract class ProgramAgent<Definition extends ProgramDefinition> extends BaseAgent {
  override readonly workplace = 'sandbox';
  override readonly understandsWords = true;
  override readonly kind: string;
  override readonly name: string;
  override readonly role: string;
  override readonly version: string;
  #run: ProgramRun | undefined;

  constructor(
    kind: string,
    protected readonly definition: Definition,
  ) {
    super();
    this.kind = kind;
    this.name = definition.name ?? kind;
    this.role = definition.role ?? ROLES[definition.type];
    this.version = definitionVersion(definition);
  }

  /**
   * Starts the program, and says so.
   * @throws HyperRunError agent.no-sandbox, agent.program-missing, agent.no-model, sandbox.could-not-start
   */
  protected async launch(words: Pick<ProgramWords, 'prompt' | 'paths'> = {}): Promise<ProgramRun> {
    const { ports } = this.session;
    if (ports.workspace === undefined)
      throw new HyperRunError(
        'agent.no-sandbox',
        'This agent works only in a sandbox, and there is none.',
        {},
        'operator',
      );
    await this.session.admit();
    const program = await programOf(this.definition, { ...words, ...(ports.model && { model: ports.model }) });
    const command = this.definition.command.join(' ');
    const callId = randomUUID();
    await this.observe('action.command-started', { callId, command: this.session.text(command, 4000) });
    this.#run = await ProgramRun.start(ports.workspace, program, this.session, callId);
    return this.#run;
  }

  /** Writes what this adapter did or saw itself. It is not counted: it follows from what was. */
  protected observe<T extends ActionType>(type: T, payload: Omit<EventData<T>, 'attempt' | 'origin'>): Promise<void> {
    return this.session.act(type, 'observed', payload);
  }

  /** Writes what the agent says of itself. It happened, so it is counted and told even while paused. */
  protected async report<T extends ActionType>(
    type: T,
    payload: Omit<EventData<T>, 'attempt' | 'origin'>,
  ): Promise<void> {
    await this.session.count();
    await this.session.act(type, 'reported', payload);
    this.session.ports.progress?.();
  }

  /** Turns what the agent says of itself into events. */
  protected narration(): Narration {
    const { session } = this;
    return new Narration({
      root: ROOT,
      text: (value, limit) => session.text(value, limit),
      said: (text, kind) => this.report('action.message-said', { text, kind }),
      called: (call) => this.report('action.tool-called', call),
      updated: (update) => this.report('action.session-updated', update),
      moved: () => session.ports.progress?.(),
    });
  }

  /** Counts what the agent says that it used, unless the service sees it itself: its calls pass through us. */
  protected async spend(usage: Usage): Promise<void> {
    const { ports } = this.session;
    const isSome = usage.inputTokens > 0 || usage.outputTokens > 0 || usage.cost > 0;
    if (ports.model === undefined && isSome) await ports.spend?.(usage);
  }

  protected override async cleanUp(): Promise<void> {
    await this.#run?.end();
    this.#run = undefined;
  }
}

const ROLES: Record<ProgramDefinition['type'], string> = {
  acp: 'Speaks the Agent Client Protocol, works in the sandbox',
  command: 'A command line, works in the sandbox',
};
