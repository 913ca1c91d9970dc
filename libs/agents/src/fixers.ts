import { createHash, randomUUID } from 'node:crypto';
import { isHyperRunError } from '#contracts';
import { fixFindings, type SourceTree } from '#findings';
import { type AgentResult, type AgentTask, BaseAgent } from './base-agent.js';
import type { Toolbox } from './tools.js';

/** Repairs what can be repaired for certain, without a model: what it writes follows from the files alone. */
abstract class FixerAgent extends BaseAgent {
  /** What it repairs, in a sentence: `broken links`. */
  protected abstract readonly subject: string;

  protected async work(task: AgentTask, tools: Toolbox): Promise<AgentResult> {
    const findings = task.evidence.map(({ findingId }) => findingId);
    await tools.say(
      `Looking at ${counted(findings.length, 'finding')} (${this.subject}) in ${counted(task.paths.length, 'file')}.`,
    );
    const fixed = await fixFindings(await treeOf(tools), findings, [...task.paths]);
    for (const [path, content] of fixed) {
      await tools.write(path, content);
      await tools.say(`Repaired ${this.subject} in ${path}.`);
    }
    if (fixed.size > 0)
      return { outcome: 'done', summary: `Repaired ${this.subject} in ${counted(fixed.size, 'file')}.` };
    const summary = `None of the ${counted(findings.length, 'finding')} (${this.subject}) can still be repaired for certain.`;
    await tools.say(summary);
    return { outcome: 'gave-up', summary };
  }
}

/** Points links, anchors and images to the one target that they can mean. */
export class LinksAgent extends FixerAgent {
  readonly kind = 'links';
  readonly name = 'Links';
  readonly role = 'Repairs broken links, anchors and images whose target is unambiguous';
  protected readonly subject = 'broken links';
}

export class MarkdownAgent extends FixerAgent {
  readonly kind = 'markdown';
  readonly name = 'Markdown';
  readonly role = 'Repairs the form of Markdown where the repair is certain';
  protected readonly subject = 'Markdown form';
}

export class SpellingAgent extends FixerAgent {
  readonly kind = 'spelling';
  readonly name = 'Spelling';
  readonly role = 'Corrects misspellings that have exactly one correction';
  protected readonly subject = 'misspellings';
}

export class LintAgent extends FixerAgent {
  readonly kind = 'lint';
  readonly name = 'Lint';
  readonly role = 'Applies the safe repairs of the linter';
  protected readonly subject = 'lint';
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/**
 * The tree as the tools show it. What cannot be read counts as absent. The names of blobs are made up, never seen again:
 * no fact about a file that was changed meanwhile can be taken from a cache.
 */
const treeOf = async (tools: Toolbox): Promise<SourceTree> => {
  const paths = await tools.list();
  const session = randomUUID();
  const oidOf = (path: string) => createHash('sha1').update(`${session} ${path}`).digest('hex');
  const files = paths.map((path) => ({ path, mode: '100644', oid: oidOf(path), size: 1 }));
  const contents = new Map<string, Promise<Buffer | undefined>>();
  const read = async (path: string) => {
    try {
      const text = await tools.read(path);
      return text === undefined ? undefined : Buffer.from(text);
    } catch (error) {
      if (isHyperRunError(error, 'tool.not-text') || isHyperRunError(error, 'tool.refused')) return undefined;
      throw error;
    }
  };
  return {
    files: () => files,
    read: (path) => {
      const known = contents.get(path) ?? read(path);
      contents.set(path, known);
      return known;
    },
  };
};
