/**
 * The folders below which a scope lets anything be changed: what stands in each pattern before its first wildcard, without
 * a last part that may name a file. Coarser than the scope, which is a matter of paths; '' is the top.
 */
export const writableFolders = (patterns: readonly string[]): string[] => {
  const folders = patterns.flatMap(withoutBraces).map(literalFolder);
  return folders.includes('') ? [''] : [...new Set(folders)].toSorted();
};

const literalFolder = (pattern: string): string => {
  const segments = pattern.split('/');
  const wild = segments.findIndex((segment) => /[*?]/.test(segment));
  return segments.slice(0, wild < 0 ? -1 : wild).join('/');
};

const withoutBraces = (pattern: string): string[] => {
  const [whole, before = '', group = '', after = ''] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(pattern) ?? [];
  if (whole === undefined) return [pattern];
  return group.split(',').flatMap((part) => withoutBraces(before + part + after));
};
