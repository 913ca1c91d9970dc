import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ofListing, type Listing } from '#git';
import { fold } from './path-syntax.js';
import { writableFolders } from './writable-folders.js';

/** What a program that works on a tree sees of it, and what it could change. The scope says more exactly what it may. */
export interface AgentView {
  /** Files that are not there at all. */
  readonly hidden: ReadonlySet<string>;
  /** Folders below which it can write; '' is the top. */
  readonly writable: readonly string[];
  /** Files and folders that it can neither fill nor remove, although it can write around them. */
  readonly fixed: readonly string[];
}

/** Names by which coding agents are configured: settings, tools, hooks. Texts that they read, like AGENTS.md, are no settings. */
const CONFIGURATION = {
  folders: ['.claude', '.codex', '.cursor', '.gemini', '.opencode', '.continue', '.windsurf', '.roo'],
  files: ['.mcp.json', 'opencode.json', 'opencode.jsonc', '.aider.conf.yml', '.env'],
};
const KEPT_SHUT = ['.git', ...CONFIGURATION.folders];
const SETTINGS = new Set([...CONFIGURATION.folders, ...CONFIGURATION.files]);

/**
 * A repository must not set up the agent that works on it, nor an agent the next one: settings are hidden at any depth, and
 * where the agent can write at the top, their names are taken. `unreadable` hides more.
 */
export const agentView = (
  files: Listing,
  patterns: readonly string[],
  unreadable: (path: string) => boolean,
): AgentView => {
  const hidden = new Set(settingsAmong(files));
  for (const { path } of files) if (unreadable(path)) hidden.add(path);
  const writable = writableFolders(patterns);
  return { hidden, writable, fixed: writable.includes('') ? [...KEPT_SHUT, ...CONFIGURATION.files] : [] };
};

const settingsAmong = ofListing((files) => files.map(({ path }) => path).filter(isSettings));

const isSettings = (path: string): boolean => fold(path).split('/').some((segment) => SETTINGS.has(segment)); // prettier-ignore

/** Makes a tree in a folder look so. Nothing else may be at work in it. `points`: folders that something is to be mounted on. */
export const applyView = async (view: AgentView, tree: string, points: readonly string[] = []): Promise<void> => {
  for (const path of view.hidden) {
    await rm(join(tree, path), { force: true });
    await removeEmpty(tree, dirname(path));
  }
  for (const path of [...view.writable, ...points]) await mkdir(join(tree, path), { recursive: true });
  for (const path of view.fixed) {
    if (KEPT_SHUT.includes(path)) await mkdir(join(tree, path), { recursive: true });
    else await writeFile(join(tree, path), path.endsWith('.json') ? '{}\n' : '', { flag: 'wx' });
  }
};

const removeEmpty = async (tree: string, folder: string): Promise<void> => {
  if (folder === '.') return;
  const removed = await rmdir(join(tree, folder)).then(() => true, () => false); // prettier-ignore
  if (removed) await removeEmpty(tree, dirname(folder));
};
