// `fs/*` of an agent, through our tools: an out-of-scope write is refused before anything is written.
import { RequestError, type ReadTextFileRequest, type WriteTextFileRequest } from '@agentclientprotocol/sdk';
import { HyperRunError } from '#contracts';
import { scopeViolation } from '#workspace';
import { pathInRepository } from './acp-paths.js';
import type { ToolSession } from './tool-session.js';
import type { TaskTree, Toolbox } from './tools.js';

/** One answer is one line on the wire, and the agent may be slow to take it. */
const LONGEST_READ = 2 << 20;

export class AcpFiles {
  constructor(
    private readonly tools: Toolbox,
    private readonly session: ToolSession,
    private readonly root: string,
  ) {}

  /** @throws RequestError resource not found; HyperRunError tool.refused, tool.not-text */
  async read({ path, line, limit }: ReadTextFileRequest): Promise<{ content: string }> {
    const within = pathInRepository(path, this.root);
    if (within === undefined)
      throw await this.session.lacks(
        'read',
        'tool.outside-repository',
        `${JSON.stringify(path.slice(0, 1000))} is not a file of the repository.`,
      );
    const startLine = Math.max(1, line ?? 1);
    const range = line == null && limit == null ? undefined : { startLine, endLine: startLine + (limit ?? 1e9) - 1 };
    const content = await this.tools.read(within, range);
    if (content === undefined) throw RequestError.resourceNotFound(path);
    if (content.length > LONGEST_READ)
      throw new HyperRunError(
        'tool.too-large',
        `${JSON.stringify(within)} is too large to be read at once: name a line and a limit.`,
      );
    return { content };
  }

  /** @throws HyperRunError tool.refused, agent.refused-too-often */
  async write({ path, content }: WriteTextFileRequest): Promise<void> {
    const within = pathInRepository(path, this.root);
    if (within !== undefined) return this.tools.write(within, content);
    await this.session.call('write', path, async () => admitPath(this.session.ports.tree, path, this.root));
  }
}

/** Whether the agent may change what lies at an absolute path. @throws HyperRunError scope.violated */
export const admitPath = (tree: TaskTree, path: string, root: string): void => {
  const within = pathInRepository(path, root);
  if (within === undefined)
    throw scopeViolation(
      path,
      'outside-repository',
      `May not change ${JSON.stringify(path.slice(0, 1000))}: it is outside the repository.`,
    );
  tree.check?.(within);
};
