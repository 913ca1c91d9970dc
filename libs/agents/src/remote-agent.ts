import { HyperRunError } from '#contracts';
import { BaseAgent, type AgentResult, type AgentTask } from './base-agent.js';
import { definitionVersion, type RemoteDefinition } from './definition.js';
import { RemoteWork } from './remote-work.js';
import type { Toolbox } from './tools.js';

/**
 * An agent that lives in another process or on another host. It works on the tree in memory through the same tools as every
 * agent: what it asks for is done here, one call after the other, and it can ask for nothing else.
 */
export class RemoteAgent extends BaseAgent {
  override readonly understandsWords = true;
  override readonly kind: string;
  override readonly name: string;
  override readonly role: string;
  override readonly version: string;

  constructor(kind: string, definition: RemoteDefinition) {
    super();
    this.kind = kind;
    this.name = definition.name ?? kind;
    this.role = definition.role ?? 'A program elsewhere, works through tools on a tree in memory';
    this.version = definitionVersion(definition);
  }

  protected work(task: AgentTask, tools: Toolbox): Promise<AgentResult> {
    const { session } = this;
    if (session.ports.remote === undefined)
      throw new HyperRunError('agent.no-way', 'There is no way for a remote agent to be heard here.', {}, 'operator');
    const work = new RemoteWork(task, tools, session);
    session.ports.remote.open(work);
    return work.ended;
  }
}
