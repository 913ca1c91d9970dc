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
const TAKEN = [...KEPT_SHUT, ...CONFIGURATION.files];
const SETTINGS = new Set([...CONFIGURATION.folders, ...CONFIGURATION.files]);

/** Where a package begins: programs are started there, and look for settings. */
const BEGINS_PACKAGE = new Set(
  `package.json pyproject.toml setup.py cargo.toml go.mod pom.xml build.gradle build.gradle.kts composer.json gemfile
  .hyper-run.json`.split(/\s+/),
);
/** Each costs as many mounts as there are names, at every start of a program. */
const MOST_SHUT = 12;

/**
 * A repository must not set up the agent that works on it, nor an agent the next one: settings are hidden at any depth, and
 * where the agent can write, their names are taken in every folder in which programs would look for them, whether they are
 * there or not: at the top of what it can write to, where a package begins, where the repository has settings; in those nearest
 * to the top, if they are many. Elsewhere nobody looks, and the collector refuses them. `unreadable` hides more.
 */
export const agentView = (
  files: Listing,
  patterns: readonly string[],
  unreadable: (path: string) => boolean,
): AgentView => {
  const { settings, places } = settingsAmong(files);
  const hidden = new Set(settings);
  for (const { path } of files) if (unreadable(path)) hidden.add(path);
  const writable = writableFolders(patterns);
  const below = places.filter((folder) => isBelow(folder, writable));
  const nearest = [...new Set([...writable, ...below])].toSorted(byDepth);
  const fixed = nearest.slice(0, MOST_SHUT).flatMap((folder) => TAKEN.map((name) => (folder === '' ? name : `${folder}/${name}`))); // prettier-ignore
  return { hidden, writable, fixed };
};

/** Settings of agents, and the folders in which they lie or packages begin. */
const settingsAmong = ofListing((files) => {
  const settings: string[] = [];
  const places = new Set<string>();
  for (const { path } of files) {
    const segments = fold(path).split('/');
    const first = segments.findIndex((segment) => SETTINGS.has(segment));
    if (first >= 0) settings.push(path);
    const depth = first >= 0 ? first : BEGINS_PACKAGE.has(segments.at(-1) ?? '') ? segments.length - 1 : undefined;
    if (depth !== undefined) places.add(path.split('/').slice(0, depth).join('/'));
  }
  return { settings, places: [...places] };
});

const isBelow = (folder: string, writable: readonly string[]): boolean =>
  writable.some((top) => top === '' || folder === top || folder.startsWith(`${top}/`));

const depthOf = (folder: string): number => (folder === '' ? 0 : folder.split('/').length);
const byDepth = (a: string, b: string): number => depthOf(a) - depthOf(b) || (a < b ? -1 : 1);

/** Makes a tree in a folder look so. Nothing else may be at work in it. `points`: folders that something is to be mounted on. */
export const applyView = async (view: AgentView, tree: string, points: readonly string[] = []): Promise<void> => {
  for (const path of view.hidden) {
    await rm(join(tree, path), { force: true });
    await removeEmpty(tree, dirname(path));
  }
  for (const path of [...view.writable, ...points]) await mkdir(join(tree, path), { recursive: true });
  for (const path of view.fixed) {
    const [name = '', target] = [path.split('/').at(-1), join(tree, path)];
    if (KEPT_SHUT.includes(name)) await mkdir(target, { recursive: true });
    else {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, name.endsWith('.json') ? '{}\n' : '', { flag: 'wx' });
    }
    // OpenCode writes this file into every such folder that it finds, and ends where it cannot.
    if (name === '.opencode') await writeFile(join(target, '.gitignore'), '*\n');
  }
};

const removeEmpty = async (tree: string, folder: string): Promise<void> => {
  if (folder === '.') return;
  const removed = await rmdir(join(tree, folder)).then(() => true, () => false); // prettier-ignore
  if (removed) await removeEmpty(tree, dirname(folder));
};
