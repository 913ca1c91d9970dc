import type { Instant, Oid } from '#contracts';
import { runGit, type GitCall } from './run-git.js';
import { oidFrom } from './tree.js';

export interface LineAge {
  readonly commit: Oid;
  readonly time: Instant;
  readonly author: string;
}

const MAX_RANGES = 100;

export const blameAges = async (
  call: GitCall,
  commit: Oid,
  path: string,
  lines: readonly number[],
): Promise<ReadonlyMap<number, LineAge>> => {
  const wanted = new Set(lines.filter((line) => Number.isSafeInteger(line) && line > 0));
  if (wanted.size === 0) return new Map();
  const ranges = contiguous([...wanted].toSorted((a, b) => a - b));
  const limits = ranges.length > MAX_RANGES ? [] : ranges.map(([from, to]) => `-L${from},${to}`);
  const { stdout } = await runGit(['blame', '--porcelain', '--no-textconv', ...limits, commit, '--', path], call);
  const ages = parsePorcelain(stdout.toString('utf8'));
  return new Map([...ages].filter(([line]) => wanted.has(line)));
};

const contiguous = (lines: readonly number[]): (readonly [number, number])[] => {
  const ranges: [number, number][] = [];
  for (const line of lines) {
    const last = ranges.at(-1);
    if (last && last[1] === line - 1) last[1] = line;
    else ranges.push([line, line]);
  }
  return ranges;
};

/** A commit's particulars stand before its first line only. */
const parsePorcelain = (text: string): Map<number, LineAge> => {
  const commits = new Map<string, { author: string; time: Instant }>();
  const ages = new Map<number, LineAge>();
  let current = { commit: '', line: 0 };
  for (const line of text.split('\n')) {
    const header = /^([0-9a-f]{40}) \d+ (\d+)/.exec(line);
    const known = commits.get(current.commit) ?? { author: '', time: 0 };
    if (header?.[1] !== undefined) current = { commit: header[1], line: Number(header[2]) };
    else if (line.startsWith('author ')) commits.set(current.commit, { ...known, author: line.slice(7) });
    else if (line.startsWith('author-time '))
      commits.set(current.commit, { ...known, time: Number(line.slice(12)) * 1000 });
    else if (line.startsWith('\t')) ages.set(current.line, { commit: oidFrom(current.commit), ...known });
  }
  return ages;
};
