import { extensionOf } from './languages.js';
import { folderOf, resolvePath } from './link-address.js';
import type { TreeIndex } from './tree-index.js';

/** Where a path leads. `unknown`: nobody can tell from the tree alone, so that nothing is said about it. */
export type Target =
  | { readonly state: 'found'; readonly path: string }
  | { readonly state: 'folder' }
  | { readonly state: 'unknown' }
  | { readonly state: 'missing'; readonly path: string; readonly certain: boolean };

const PAGE_ENDINGS = ['.md', '.mdx', '.markdown', '.rst', '.html', '.ipynb', '.adoc', '.txt', '.vue', '.astro'];
const PAGE_FILES = ['index', 'README', '_index', 'readme', 'Readme'];

const pagesOf = (path: string): string[] => {
  const stem = path.replace(/\.html?$/i, '');
  return [
    ...PAGE_ENDINGS.map((ending) => stem + ending),
    ...PAGE_FILES.flatMap((name) => PAGE_ENDINGS.map((ending) => (stem === '' ? name : `${stem}/${name}`) + ending)),
  ];
};

const isOpaque = (index: TreeIndex, path: string): boolean => {
  if (index.opaque.size === 0) return false;
  for (let at = path.length; at > 0; at = path.lastIndexOf('/', at - 1))
    if (index.opaque.has(path.slice(0, at))) return true;
  return false;
};

const isMade = (index: TreeIndex, path: string) => path.split('/').some((segment) => index.ignored.has(segment));

/** Folders that an address may be meant relative to: where the document lies; on a site also where its page lies. */
const folders = (index: TreeIndex, document: string): string[] => {
  const folder = folderOf(document);
  if (!index.isSite) return [folder];
  return [folder, document.replace(/\.[^./]+$/, ''), folderOf(folder)];
};

export const findTarget = (index: TreeIndex, document: string, written: string): Target => {
  const candidates = folders(index, document).map((folder) => resolvePath(folder, written));
  const first = candidates[0];
  if (first === undefined) return { state: 'unknown' };
  for (const path of candidates) {
    if (path === undefined) continue;
    if (index.files.has(path)) return index.opaque.has(path) ? { state: 'unknown' } : { state: 'found', path };
    if (index.folders.has(path)) return { state: 'folder' };
    if (isOpaque(index, path) || isMade(index, path)) return { state: 'unknown' };
    if (pagesOf(path).some((page) => index.files.has(page)) && (index.isSite || extensionOf(path) !== 'md'))
      return { state: 'unknown' };
  }
  return judgeMissing(index, first, written);
};

const judgeMissing = (index: TreeIndex, path: string, written: string): Target => {
  const extension = extensionOf(path);
  const isPath = /^[a-z][a-z0-9]{0,9}$/.test(extension) && !/^(com|org|net|io|dev|app|ai|co|me)$/.test(extension);
  if (index.isSite && !/^(md|markdown|mdx)$/.test(extension)) return { state: 'unknown' };
  if (!isPath && !/^\.{1,2}\//.test(written)) return { state: 'unknown' };
  return { state: 'missing', path, certain: isPath };
};
