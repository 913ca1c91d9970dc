import type { Finding } from '#contracts';

export interface Comparison {
  /** Of the findings that were to go: those that are still there. */
  readonly remaining: Finding[];
  /** Findings that were not there before. */
  readonly added: Finding[];
}

const groupOf = (finding: Finding) => `${finding.source}\0${finding.rule}\0${finding.path}`;

const groups = (findings: readonly Finding[]): Map<string, Finding[]> => {
  const byGroup = new Map<string, Finding[]>();
  for (const finding of findings) byGroup.set(groupOf(finding), [...(byGroup.get(groupOf(finding)) ?? []), finding]);
  return byGroup;
};

/**
 * What a change did to the findings of some files: `before` and `after` are answers of `analyseFiles` for the same
 * paths. A finding on a line that was changed for another reason has a new id: it counts as added only where there
 * are now more of its rule in its file than there should be.
 */
export const compareFindings = (
  before: readonly Finding[],
  after: readonly Finding[],
  toGo: readonly string[],
): Comparison => {
  const going = new Set(toGo);
  const remaining = after.filter(({ findingId }) => going.has(findingId));
  const known = new Set(before.map(({ findingId }) => findingId));
  const former = groups(before.filter(({ findingId }) => !going.has(findingId)));
  const added: Finding[] = [];
  for (const [group, now] of groups(after)) {
    const staying = now.filter(({ findingId }) => !going.has(findingId));
    const surplus = staying.length - (former.get(group)?.length ?? 0);
    if (surplus > 0) added.push(...staying.filter(({ findingId }) => !known.has(findingId)).slice(0, surplus));
  }
  return { remaining, added };
};
