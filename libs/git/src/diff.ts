import { HyperRunError, type FileChange, type Oid } from '#contracts';
import { oidFrom } from './tree.js';

/** One line of `git diff-tree --raw -z`, path as bytes and as text (U+FFFD where it is not UTF-8). */
export interface RawChange {
  readonly path: string;
  readonly bytes: Buffer;
  /** Six digits; `000000` where there is nothing on that side. */
  readonly oldMode: string;
  readonly newMode: string;
  readonly oldOid: Oid;
  readonly newOid: Oid;
  /** `A`, `M`, `D`, `T`. */
  readonly status: string;
}

const RAW = /^:(\d{6}) (\d{6}) ([0-9a-f]{40}) ([0-9a-f]{40}) ([AMDT])$/;

/** Reads raw records from the start; `end` is where something else begins. */
export const parseRaw = (output: Buffer): { readonly changes: RawChange[]; readonly end: number } => {
  const changes: RawChange[] = [];
  let at = 0;
  while (output[at] === 0x3a) {
    const headEnd = output.indexOf(0, at);
    const pathEnd = headEnd < 0 ? -1 : output.indexOf(0, headEnd + 1);
    const [, oldMode, newMode, oldOid, newOid, status] = RAW.exec(output.toString('latin1', at, headEnd)) ?? [];
    if (pathEnd < 0 || !oldMode || !newMode || !oldOid || !newOid || !status) throw unreadable();
    const bytes = output.subarray(headEnd + 1, pathEnd);
    const oids = { oldOid: oidFrom(oldOid), newOid: oidFrom(newOid) };
    changes.push({ path: bytes.toString('utf8'), bytes, oldMode, newMode, ...oids, status });
    at = pathEnd + 1;
  }
  return { changes, end: at };
};

/** Reads `--raw --numstat --patch -z`: the records, as many counts, an empty field, the patch. */
export const parsePatch = (output: Buffer): { readonly files: FileChange[]; readonly patch: Buffer } => {
  const { changes, end } = parseRaw(output);
  let at = end;
  const files = changes.map((change): FileChange => {
    const fieldEnd = output.indexOf(0, at);
    const counted = /^(\d+|-)\t(\d+|-)\t/.exec(output.toString('latin1', at, fieldEnd));
    if (fieldEnd < 0 || !counted) throw unreadable();
    at = fieldEnd + 1;
    const lines = (text = '-') => (text === '-' ? 0 : Number(text));
    return {
      path: change.path,
      change: change.status === 'A' ? 'added' : change.status === 'D' ? 'deleted' : 'modified',
      additions: lines(counted[1]),
      deletions: lines(counted[2]),
    };
  });
  return { files, patch: output.subarray(output[at] === 0 ? at + 1 : at) };
};

const unreadable = () =>
  new HyperRunError('git.unreadable-diff', 'git diff-tree wrote something unexpected.', {}, 'operator');
