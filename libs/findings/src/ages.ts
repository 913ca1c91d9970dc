import type { Finding } from '#contracts';

/** When each of these lines was last written, in milliseconds since 1970. */
export type Blame = (path: string, lines: readonly number[]) => Promise<ReadonlyMap<number, number>>;

const DAY = 86_400_000;

const age = (milliseconds: number): string => {
  const days = Math.max(0, Math.floor(milliseconds / DAY));
  if (days < 60) return `${days} ${days === 1 ? 'day' : 'days'}`;
  return days < 730 ? `${Math.floor(days / 30)} months` : `${Math.floor(days / 365)} years`;
};

/** The same findings; those of source `todo` know how old they are. Blame is expensive: give it only what is shown. */
export const withAges = async (findings: readonly Finding[], blame: Blame, now: number): Promise<Finding[]> => {
  const lines = new Map<string, number[]>();
  for (const { source, path, range } of findings) {
    if (source === 'todo') lines.set(path, [...(lines.get(path) ?? []), range.startLine]);
  }
  const written = new Map<string, ReadonlyMap<number, number>>();
  for (const [path, numbers] of lines) written.set(path, await blame(path, numbers));
  return findings.map((finding) => {
    const since = finding.source === 'todo' ? written.get(finding.path)?.get(finding.range.startLine) : undefined;
    return since === undefined ? finding : { ...finding, notes: { ...finding.notes, age: age(now - since) } };
  });
};
