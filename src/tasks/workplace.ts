import type { ToolPorts } from '#agents';
import type { VirtualTree } from '#workspace';

/** Where an agent works, and how what it did comes out of there. */
export interface Workplace {
  readonly ports: Pick<ToolPorts, 'tree' | 'sandboxRun' | 'workspace'>;
  /** The limit that a program of the agent was ended for, as a sentence. */
  limit(): string | undefined;
  /**
   * What the agent left, once it is done; nothing of its processes is left then.
   * @throws TaskFailure `scope-violated`, `agent-failed`
   */
  collect(): Promise<VirtualTree>;
  /** May be called again. */
  close(): Promise<void>;
}
