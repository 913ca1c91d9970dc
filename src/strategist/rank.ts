// Which findings belong together, and which group is worth doing first. Pure, and every number explained.
import type { Finding, FindingSource, ScorePart } from '#contracts';
import type { Assigned } from './choose-agent.js';

/** What belongs together: findings of one kind that one agent sees to, in one part of the repository. */
export interface Group {
  readonly kind: FindingSource;
  readonly agent: string;
  /** The agent knows the one right answer; else it has to judge. */
  readonly certain: boolean;
  readonly area: string;
  readonly findings: readonly Assigned[];
}

export interface RankedGroup extends Group {
  readonly score: { readonly total: number; readonly parts: readonly ScorePart[] };
}

export const MAX_FINDINGS = 20;
const MAX_FILES = 10;
/** What has to be judged is reviewed line by line, and one finding that stays fails its task: small portions. */
const MAX_JUDGED = { findings: 5, files: 3 } as const;
/** A file of more findings is worked off over several sprints. */
const MAX_IN_FILE = 60;

/** How much a reader or user is hurt by one such finding. */
const SEVERITY: Record<FindingSource, readonly [number, string]> = {
  links: [5, 'a broken link leads readers nowhere'],
  lint: [2, 'a lint fault hides among others what may be a bug'],
  spelling: [2.5, 'a misspelling is seen by every reader'],
  markdown: [1.5, 'untidy source is in the way of whoever edits the page next'],
  coverage: [1.5, 'untested code hides faults'],
  todo: [1, 'a note of the authors to themselves'],
};

const CONFIDENCE: Record<Finding['confidence'], number> = { certain: 1, likely: 0.7, possible: 0.4 };

const worthOf = ({ source, confidence }: Finding) => SEVERITY[source][0] * CONFIDENCE[confidence];

/** What hurts most and is surest first; else in the order in which it was found. */
export const byWorth = (findings: readonly Finding[]): Finding[] =>
  findings.toSorted((a, b) => worthOf(b) - worthOf(a));

export const groupBy = <Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> => {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
};

export const areaOf = (path: string): string => {
  const [first = '', ...rest] = path.split('/');
  return rest.length === 0 ? '.' : first;
};

/** Groups of at most 20 findings in at most 10 files, or 5 in 3 where they have to be judged, in the order of their paths. */
export const groupFindings = (findings: readonly Assigned[]): Group[] => {
  const groups = new Map<string, Omit<Group, 'findings'> & { readonly findings: Assigned[] }>();
  for (const finding of findings) {
    const { source: kind, agent, certain } = finding;
    const area = areaOf(finding.path);
    const key = `${kind} ${agent} ${certain} ${area}`;
    const group = groups.get(key) ?? { kind, agent, certain, area, findings: [] };
    group.findings.push(finding);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap((group) =>
    portions(group.findings, group.certain ? { findings: MAX_FINDINGS, files: MAX_FILES } : MAX_JUDGED).map((part) => ({
      ...group,
      findings: part,
    })),
  );
};

/** A file is never split over two tasks: both would change it, and their branches would collide. */
const portions = (
  findings: readonly Assigned[],
  most: { readonly findings: number; readonly files: number },
): Assigned[][] => {
  const byPath = groupBy(findings, ({ path }) => path);
  const parts: Assigned[][] = [];
  let files = 0;
  for (const all of byPath.values()) {
    const ofFile = all.slice(0, MAX_IN_FILE);
    const last = parts.at(-1);
    if (last === undefined || files >= most.files || last.length + ofFile.length > most.findings) {
      parts.push([...ofFile]);
      files = 1;
    } else {
      last.push(...ofFile);
      files += 1;
    }
  }
  return parts;
};

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** What a fixer does for certain comes first among what is worth as much. */
const JUDGED = 0.5;

/** Two branches that change the same file may conflict when they are merged. */
const OVERLAPPING = 0.5;

const round = (value: number) => Math.round(value * 100) / 100;

export const scoreOf = (group: Group, focus?: string, overlaps = false): RankedGroup['score'] => {
  const [severity, why] = SEVERITY[group.kind];
  const confidence =
    group.findings.reduce((sum, { confidence: sure }) => sum + CONFIDENCE[sure], 0) / group.findings.length;
  const count = 1 + Math.log2(group.findings.length);
  const files = new Set(group.findings.map(({ path }) => path)).size;
  const effort = 1 / (1 + files / 20);
  const matched = focus === undefined ? [] : matches(group, focus);
  const parts: ScorePart[] = [
    { name: 'severity', value: severity, why },
    {
      name: 'count',
      value: round(count),
      why: `${counted(group.findings.length, 'finding')}; each further one counts for less`,
    },
    { name: 'confidence', value: round(confidence), why: 'how sure the findings are, 1 is certain' },
    { name: 'effort', value: round(effort), why: `${counted(files, 'file')} to review` },
    ...(group.certain ? [] : [{ name: 'judgement', value: JUDGED, why: 'no fixer knows the answer: it may fail' }]),
    ...(overlaps ? [{ name: 'overlap', value: OVERLAPPING, why: 'another task changes the same files' }] : []),
    ...(focus === undefined
      ? []
      : [
          {
            name: 'focus',
            value: matched.length > 0 ? 3 : 1,
            why: matched.length > 0 ? `matches ${matched.join(', ').slice(0, 150)}` : 'no word of the focus matches',
          },
        ]),
  ];
  return { total: round(parts.reduce((product, { value }) => product * value, 1)), parts };
};

const matches = (group: Group, focus: string): string[] => {
  const text = [group.kind, group.area, ...group.findings.flatMap(({ path, rule, message }) => [path, rule, message])]
    .join(' ')
    .toLowerCase();
  return [...new Set(focus.toLowerCase().split(/[^\p{L}\p{N}]+/u))].filter(
    (word) => word.length > 2 && text.includes(word),
  );
};

/** A further task of a kind that is already in the sprint counts for less: a small sprint shows what there is. */
const REPEATED = 0.6;

/**
 * The best groups, the best first; the same for the same findings. No file is in two of them, as long as there are others;
 * what is missing then is taken from what another kind of fault left in the same files.
 */
export const rankGroups = (groups: readonly Group[], limit: number, focus?: string): RankedGroup[] => {
  const apart = chooseApart(groups, limit, [], (group) => scoreOf(group, focus));
  const left = groups.flatMap((group) => leftBeside(group, apart));
  const overlapping = chooseApart(left, limit - apart.length, apart, (group) => scoreOf(group, focus, true));
  return [...apart, ...overlapping];
};

type Score = (group: Group) => RankedGroup['score'];

const chooseApart = (
  groups: readonly Group[],
  limit: number,
  before: readonly RankedGroup[],
  score: Score,
): RankedGroup[] => {
  const chosen: RankedGroup[] = [];
  const weight = (group: RankedGroup) => weightOf(group, [...before, ...chosen]);
  let open: RankedGroup[] = groups.map((group) => ({ ...group, score: score(group) }));
  while (chosen.length < limit) {
    const [best] = open.toSorted((a, b) => weight(b) - weight(a) || (nameOf(a) < nameOf(b) ? -1 : 1));
    if (best === undefined) return chosen;
    chosen.push(best);
    const taken = new Set(best.findings.map(({ path }) => path));
    open = open.flatMap((group) => (group === best ? [] : without(group, taken, score)));
  }
  return chosen;
};

/** What of a group nobody sees to. What is left of the same kind in the same file waits for another sprint. */
const leftBeside = (group: Group, chosen: readonly Group[]): Group[] => {
  const seenTo = new Set(
    chosen.flatMap(({ kind, findings }) => (kind === group.kind ? findings.map(({ path }) => path) : [])),
  );
  const findings = group.findings.filter(({ path }) => !seenTo.has(path));
  return findings.length === 0 ? [] : [{ ...group, findings }];
};

/** What is left of a group when others work on these files, with a score of its own. */
const without = (group: RankedGroup, taken: ReadonlySet<string>, score: Score): RankedGroup[] => {
  const findings = group.findings.filter(({ path }) => !taken.has(path));
  if (findings.length === group.findings.length) return [group];
  const left = { ...group, findings };
  return findings.length === 0 ? [] : [{ ...left, score: score(left) }];
};

const weightOf = (group: RankedGroup, chosen: readonly Group[]) =>
  group.score.total * REPEATED ** chosen.filter(({ kind }) => kind === group.kind).length;

const nameOf = ({ kind, area, findings }: Group) => `${kind} ${area} ${findings[0]?.path ?? ''}`;
