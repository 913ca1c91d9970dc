import { HyperRunError, Oid } from '#contracts';

export const MODE = {
  file: '100644',
  executable: '100755',
  symlink: '120000',
  submodule: '160000',
  directory: '40000',
} as const;

export interface TreeEntry {
  /** As git stores it, without leading zero: `100644`, `100755`, `120000`, `160000`, `40000`. */
  readonly mode: string;
  /** The bytes of the name as a latin1 string: lossless for any bytes, ordered as git orders. */
  readonly name: string;
  readonly oid: Oid;
}

export const isDirectory = (entry: { readonly mode: string }) => entry.mode === MODE.directory;
export const isRegularFile = (entry: { readonly mode: string }) =>
  entry.mode === MODE.file || entry.mode === MODE.executable || entry.mode === '100664';

/** The latin1 form of a name, in which trees are read and written. */
export const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** The text of a name; U+FFFD where its bytes are not UTF-8. */
export const textOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

/** @throws HyperRunError git.corrupt-object */
export const parseTree = (content: Buffer): TreeEntry[] => {
  const entries: TreeEntry[] = [];
  let at = 0;
  while (at < content.length) {
    const space = content.indexOf(0x20, at);
    const end = space < 0 ? -1 : content.indexOf(0, space);
    if (end < 0 || end + 21 > content.length) {
      throw new HyperRunError('git.corrupt-object', 'A tree object is cut short: run git fsck.', {}, 'operator');
    }
    entries.push({
      mode: content.toString('latin1', at, space).replace(/^0+/, ''),
      name: content.toString('latin1', space + 1, end),
      oid: oidFrom(content.toString('hex', end + 1, end + 21)),
    });
    at = end + 21;
  }
  return entries;
};

/** The bytes of a tree object, entries in git's order (a folder sorts as if its name ended in a slash). */
export const serialiseTree = (entries: readonly TreeEntry[]): Buffer => {
  const key = (entry: TreeEntry) => (isDirectory(entry) ? `${entry.name}/` : entry.name);
  const sorted = entries.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  return Buffer.concat(
    sorted.flatMap((entry) => [Buffer.from(`${entry.mode} ${entry.name}\0`, 'latin1'), Buffer.from(entry.oid, 'hex')]),
  );
};

/** @throws HyperRunError git.invalid-oid */
export const oidFrom = (text: string): Oid => {
  const parsed = Oid.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new HyperRunError(
    'git.invalid-oid',
    `Expected an object name of 40 hexadecimal digits, found ${JSON.stringify(text.slice(0, 80))}.`,
  );
};
