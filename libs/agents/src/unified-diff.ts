// What a unified diff makes of files. Exact: a hunk applies at the line that it names, or not at all.
import { parsePatch, type StructuredPatch, type StructuredPatchHunk } from 'diff';
import { HyperRunError } from '#contracts';

/** A file as it is to be; `content` undefined: it is deleted. */
export interface PatchedFile {
  readonly path: string;
  readonly content: string | undefined;
}

/** More than a task may change are not looked at. */
const MOST_FILES = 1000;
const NOWHERE = '/dev/null';
const PLAIN_FILE = '100644';

/**
 * The files that a diff changes, as they are to be. Nothing is changed by it.
 * @param read the text of a file as it is now, undefined where there is none
 * @throws HyperRunError tool.patch-mismatch {path?}: it is no diff, does not fit, or is more than text of plain files
 */
export const patched = async (
  diff: string,
  read: (path: string) => Promise<string | undefined>,
): Promise<readonly PatchedFile[]> => {
  const parts = parsed(diff);
  if (parts.length === 0) throw unfit('There is no file in it.');
  if (parts.length > MOST_FILES) throw unfit(`It is of more than ${MOST_FILES} files.`);
  const files: PatchedFile[] = [];
  for (const part of parts) {
    const { path, before, after } = namesOf(part);
    if (files.some((file) => file.path === path)) throw unfit('It is named twice.', path);
    const text = await read(path);
    if (before && text === undefined) throw unfit('There is no such file.', path);
    if (!before && text !== undefined) throw unfit('It is to be made, and is there already.', path);
    const content = applied(text ?? '', part.hunks, path);
    if (!after && content !== '') throw unfit('It is to be deleted, and the diff leaves a part of it.', path);
    files.push({ path, content: after ? content : undefined });
  }
  return files;
};

const parsed = (diff: string): readonly StructuredPatch[] => {
  try {
    return parsePatch(diff).filter(({ oldFileName, newFileName }) => oldFileName !== undefined || newFileName !== undefined); // prettier-ignore
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw unfit(`It is no unified diff: ${why.slice(0, 200)}.`, undefined, cause);
  }
};

/** Which file it is about, and whether it is there before and after. */
const namesOf = (
  part: StructuredPatch,
): { readonly path: string; readonly before: boolean; readonly after: boolean } => {
  const { isCreate = false, isDelete = false, oldMode, newMode } = part;
  const old = isCreate ? NOWHERE : (part.oldFileName ?? NOWHERE);
  const made = isDelete ? NOWHERE : (part.newFileName ?? NOWHERE);
  const prefixed = [old, made].every((name, index) => name === NOWHERE || name.startsWith(index === 0 ? 'a/' : 'b/'));
  const [from, to] = [old, made].map((name) => (prefixed && name !== NOWHERE ? name.slice(2) : name)) as [
    string,
    string,
  ];
  const path = to === NOWHERE ? from : to;
  if (path === NOWHERE) throw unfit('It names no file.');
  if (part.isRename || part.isCopy || (from !== to && from !== NOWHERE && to !== NOWHERE))
    throw unfit('Files are neither renamed nor copied here: delete the one and make the other.', path);
  if (part.isBinary) throw unfit('It is binary.', path);
  if (newMode !== undefined && newMode !== (from === NOWHERE ? PLAIN_FILE : oldMode))
    throw unfit(`Its mode cannot be made ${newMode}.`, path);
  if (part.hunks.length === 0 && from !== NOWHERE && to !== NOWHERE) throw unfit('Nothing of it is changed.', path);
  return { path, before: from !== NOWHERE, after: to !== NOWHERE };
};

const LINE = /[^\n]*\n|[^\n]+$/g;

const applied = (text: string, hunks: readonly StructuredPatchHunk[], path: string): string => {
  const lines = text.match(LINE) ?? [];
  const made: string[] = [];
  let at = 0;
  for (const hunk of hunks) {
    const start = hunk.oldStart - 1;
    if (start < at || start > lines.length) throw unfit(`There is no line ${hunk.oldStart} to begin at.`, path);
    made.push(lines.slice(at, start).join(''));
    at = start;
    for (const { operation, line } of linesOf(hunk)) {
      if (operation !== '+' && lines[at] !== line) throw unfit(`Line ${at + 1} is not as the diff has it.`, path);
      if (operation !== '+') at += 1;
      if (operation !== '-') made.push(line);
    }
  }
  return made.join('') + lines.slice(at).join('');
};

/** With their line ends, which the last line of a file may not have. */
const linesOf = ({ lines }: StructuredPatchHunk): { readonly operation: string; readonly line: string }[] =>
  lines.flatMap((line, index) => {
    const operation = line[0] ?? ' ';
    if (operation === '\\') return [];
    const isOpen = lines[index + 1]?.startsWith('\\') === true;
    return [{ operation, line: isOpen ? line.slice(1) : `${line.slice(1)}\n` }];
  });

const unfit = (why: string, path?: string, cause?: unknown) =>
  new HyperRunError(
    'tool.patch-mismatch',
    `The diff cannot be applied${path === undefined ? '' : ` to ${JSON.stringify(path)}`}. ${why}`,
    path === undefined ? {} : { path },
    'caller',
    { cause },
  );
