import type { SourceTree, TreeFile } from './source-tree.js';

const SITE_FILES =
  /(^|\/)(mkdocs\.ya?ml|docusaurus\.config\.[a-z]+|book\.toml|_config\.yml|hugo\.(toml|ya?ml)|gatsby-config\.[a-z]+|astro\.config\.[a-z]+|antora\.yml|sidebars?\.(js|ts|json)|_sidebar\.md|\.vitepress\/config\.[a-z]+|\.vuepress\/config\.[a-z]+|docs?\/conf\.py|source\/conf\.py|next\.config\.[a-z]+|SUMMARY\.md|\.eleventy\.js|nuxt\.config\.[a-z]+|mint\.json|docs\.json|svelte\.config\.js)$/i;

/** What links may point to, prepared for many questions. */
export interface TreeIndex {
  readonly files: ReadonlyMap<string, TreeFile>;
  readonly folders: ReadonlySet<string>;
  /** Paths by their lower-case form. */
  readonly byLowerCase: ReadonlyMap<string, readonly string[]>;
  /** Paths by their last segment. */
  readonly byName: ReadonlyMap<string, readonly string[]>;
  /** Symbolic links and submodules: what lies below them is not known. */
  readonly opaque: ReadonlySet<string>;
  /** Names of folders and files that `.gitignore` lists: made by a program when the time comes. */
  readonly ignored: ReadonlySet<string>;
  /** Whether documents are made into a site, which has its own rules for links. */
  readonly isSite: boolean;
}

const push = (map: Map<string, string[]>, key: string, value: string) => {
  const known = map.get(key);
  if (known) known.push(value);
  else map.set(key, [value]);
};

const ignoredNames = (gitignore: string): string[] =>
  gitignore
    .slice(0, 100_000)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('!'))
    .map(
      (line) =>
        line
          .replace(/\/?\*{0,2}$/, '')
          .split('/')
          .at(-1) ?? '',
    )
    .filter((name) => /^[\w.-]+$/.test(name));

export const indexTree = async (tree: SourceTree): Promise<TreeIndex> => {
  const files = new Map<string, TreeFile>();
  const folders = new Set<string>(['']);
  const byLowerCase = new Map<string, string[]>();
  const byName = new Map<string, string[]>();
  const opaque = new Set<string>();
  let isSite = false;
  for (const file of tree.files()) {
    files.set(file.path, file);
    push(byLowerCase, file.path.toLowerCase(), file.path);
    push(byName, file.path.slice(file.path.lastIndexOf('/') + 1), file.path);
    if (file.mode === '120000' || file.mode === '160000') opaque.add(file.path);
    isSite ||= SITE_FILES.test(file.path);
    for (let at = file.path.lastIndexOf('/'); at > 0; at = file.path.lastIndexOf('/', at - 1)) {
      const folder = file.path.slice(0, at);
      if (folders.has(folder)) break;
      folders.add(folder);
      push(byLowerCase, folder.toLowerCase(), folder);
    }
  }
  const ignored = new Set<string>();
  for (const path of files.keys()) {
    if (path !== '.gitignore' && !path.endsWith('/.gitignore')) continue;
    for (const name of ignoredNames((await tree.read(path))?.toString('utf8') ?? '')) ignored.add(name);
  }
  return { files, folders, byLowerCase, byName, opaque, ignored, isSite };
};
