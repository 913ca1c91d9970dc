/** An address as far as it can be judged from the tree alone. */
export interface RelativeAddress {
  /** Decoded, as written: may begin with `./` or `../`; empty for `#anchor`. */
  readonly path: string;
  /** Decoded, without `#`. */
  readonly anchor: string | undefined;
  /** `?…` and `#…` exactly as written. */
  readonly suffix: string;
}

const EXTERNAL = /^[a-z][a-z0-9+.-]*:|^\/\/|^www\.|^[\w.+-]+@[\w-]+\./i;
const TEMPLATED = /[{}<>$*|"`\s\\]|%7b|%24|\.\.\.|…|^@|~/i;
/** Pages of a code host, addressed relative to a file. */
const HOST_PAGE =
  /^(\.\.\/)+(issues|pulls?|wiki|releases|actions|discussions|blob|tree|raw|commits?|compare|labels|milestones?|security|graphs|projects|settings|network|stargazers|fork|archive|tags|branches)(\/|$)/i;
const PLACEHOLDER =
  /^(url|uri|link|path|file|href|src|image|target|some|your|example|foo|bar|baz|xxx|todo|tbd)(?![\w-])|(^|\/)path\/to\//i;

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

/** Undefined: points elsewhere, or somewhere that only a person can know. */
export const relativeAddress = (url: string): RelativeAddress | undefined => {
  if (url === '' || url === '#' || url.length > 1000 || EXTERNAL.test(url) || TEMPLATED.test(url)) return undefined;
  const [, raw = '', suffix = ''] = /^([^?#]*)(.*)$/s.exec(url) ?? [];
  if (raw.startsWith('/') || HOST_PAGE.test(raw) || PLACEHOLDER.test(raw)) return undefined;
  const path = decode(raw);
  const hash = suffix.indexOf('#');
  const anchor = hash === -1 ? undefined : decode(suffix.slice(hash + 1));
  if (path === undefined || path.includes('\0') || (hash !== -1 && anchor === undefined)) return undefined;
  return { path, anchor: anchor === '' ? undefined : anchor, suffix };
};

/** The path in the tree; undefined when it leads out of it. A slash at the end is dropped. */
export const resolvePath = (folder: string, path: string): string | undefined => {
  const segments = folder === '' ? [] : folder.split('/');
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined) return undefined;
  }
  return segments.join('/');
};

export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** How to write `target` in a document that lies in `folder`, in the style of `like`. */
export const relativePath = (folder: string, target: string, like: string): string => {
  const from = folder === '' ? [] : folder.split('/');
  const to = target.split('/');
  let shared = 0;
  while (shared < from.length && shared < to.length - 1 && from[shared] === to[shared]) shared += 1;
  const path = [...Array<string>(from.length - shared).fill('..'), ...to.slice(shared)].map(encodeSegment).join('/');
  return like.startsWith('./') && !path.startsWith('..') ? `./${path}` : path;
};

const encodeSegment = (segment: string) =>
  segment.replace(/[\s()<>%?#"\\]/g, (character) =>
    encodeURIComponent(character).replace('(', '%28').replace(')', '%29'),
  );
