// What the tools of every agent take, for those that call them from outside: models and remote agents.
import { z } from 'zod';
import { toolDescriptions } from './prompts.js';
import type { ToolPorts } from './tools.js';

const MOST_RESULTS = 20;

const path = z.string().min(1).max(1024).describe('From the top of the repository: docs/a.md');
const line = z.number().int().positive().max(10_000_000);

export const INPUTS = {
  search: z.object({ text: z.string().min(1).max(1000), limit: z.number().int().min(1).max(MOST_RESULTS).optional() }),
  read: z.object({ path, startLine: line.optional(), endLine: line.optional() }),
  list: z.object({ folder: z.string().max(1024).optional() }),
  write: z.object({ path, content: z.string() }),
  edit: z.object({ path, oldText: z.string().min(1), newText: z.string() }),
  delete: z.object({ path }),
  run: z.object({ command: z.string().min(1).max(4000) }),
  ask: z.object({
    question: z.string().min(1).max(2000),
    options: z.array(z.string().min(1).max(200)).max(20).optional(),
  }),
} as const;

export type ToolName = keyof typeof INPUTS;

/** Those that this attempt can use: commands need a sandbox, questions somebody who answers. */
export const offeredTools = (
  ports: Pick<ToolPorts, 'search' | 'sandboxRun' | 'ask'>,
): Record<string, { readonly description: string; readonly inputSchema: z.ZodType }> => {
  const isThere: Partial<Record<ToolName, boolean>> = {
    search: ports.search !== undefined,
    run: ports.sandboxRun !== undefined,
    ask: ports.ask !== undefined,
  };
  const names = (Object.keys(INPUTS) as ToolName[]).filter((name) => isThere[name] !== false);
  return Object.fromEntries(
    names.map((name) => [name, { description: toolDescriptions[name] ?? name, inputSchema: INPUTS[name] }]),
  );
};

/** What whoever calls a tool can do something about; everything else ends the attempt. */
export const MENDABLE: readonly string[] = ['tool.refused', 'tool.edit-mismatch', 'tool.patch-mismatch', 'tool.not-text', 'tool.no-search', 'tool.no-sandbox', 'tool.nobody-to-ask', 'tool.invalid-question', 'tree.not-found', 'git.object-too-large']; // prettier-ignore

/**
 * The beginning of a text that is too long, in whole lines; `nextLine`: where to read on. Of a first line that alone is too long
 * the rest is left out: then what is shown does not end with a line break.
 */
export const cutText = (
  text: string,
  startLine: number,
  limit: number,
): { readonly shown: string; readonly nextLine?: number } => {
  if (text.length <= limit) return { shown: text };
  const shown = text.slice(0, text.lastIndexOf('\n', limit) + 1) || text.slice(0, limit);
  return { shown, nextLine: startLine + Math.max(1, shown.split('\n').length - 1) };
};

/** The lines that are asked for; undefined: all of them. */
export const rangeOf = ({ startLine = 1, endLine }: { readonly startLine?: number; readonly endLine?: number }) =>
  startLine > 1 || endLine !== undefined
    ? { startLine, endLine: Math.max(startLine, endLine ?? Number.MAX_SAFE_INTEGER) }
    : undefined;

/** The folder that is asked for; the top of the repository is `''`, also by the names that it has elsewhere. */
export const folderOf = (folder = ''): string => (folder === '.' || folder === '/' ? '' : folder);

/** Options of a question as they are told to people: `option-1`, … */
export const choicesOf = (labels: readonly string[] = []): { readonly id: string; readonly label: string }[] =>
  labels.map((label, index) => ({ id: `option-${index + 1}`, label }));
