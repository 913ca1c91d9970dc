import { type AnyEvent, type EventData, HyperRunError, Oid, TaskId } from '#contracts';
import type { AgentTask } from './base-agent.js';
import type { TaskTree, ToolPorts } from './tools.js';

/** A tree in memory that may be changed below `docs/`. */
export const treeWith = (files: Record<string, string | Buffer>): TaskTree & { files: Map<string, Buffer> } => {
  const contents = new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));
  const admit = (path: string) => {
    if (!path.startsWith('docs/'))
      throw new HyperRunError('scope.violated', `May not write: ${path} is outside the scope.`, {
        path,
        rule: 'outside-scope',
      });
  };
  return {
    files: contents,
    read: async (path) => contents.get(path),
    list: async (prefix = '') => [...contents.keys()].filter((path) => path.startsWith(prefix)).toSorted(),
    write: async (path, content) => {
      admit(path);
      contents.set(path, Buffer.from(content));
    },
    delete: async (path) => {
      admit(path);
      contents.delete(path);
    },
    mark: () => {
      const before = new Map(contents);
      return () => {
        contents.clear();
        for (const [path, content] of before) contents.set(path, content);
      };
    },
  };
};

export const recorder = (tree: TaskTree, more: Partial<ToolPorts> = {}) => {
  const events: AnyEvent[] = [];
  const refusals: EventData<'task.tool-refused'>[] = [];
  const ports: ToolPorts = {
    tree,
    attempt: 2,
    maxCalls: 100,
    signal: new AbortController().signal,
    emit: (event) => void events.push(event),
    refuse: (refusal) => void refusals.push(refusal),
    ...more,
  };
  return { events, refusals, ports, types: () => events.map(({ type }) => type) };
};

export const someTask: AgentTask = {
  taskId: TaskId.parse('t-1'),
  title: 'Repair links',
  kind: 'links',
  rationale: 'Broken.',
  evidence: [],
  paths: ['docs/a.md'],
  instructions: '',
  baseCommit: Oid.parse('0'.repeat(40)),
  attempt: 2,
};
