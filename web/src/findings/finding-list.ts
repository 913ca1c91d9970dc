// Which findings are shown, in what groups, and as which rows. Pure.
import type { FindingSource } from '#contracts';
import type { FindingView } from '../api/views.js';

export const SHOWN = ['open', 'inside', 'outside', 'protected', 'dismissed', 'all'] as const;
export type Shown = (typeof SHOWN)[number];

export const GROUPINGS = ['path', 'rule', 'source'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface FindingFilter {
  readonly shown: Shown;
  /** None: all. */
  readonly sources: ReadonlySet<FindingSource>;
  /** `fixer`: an agent that is built in can do it for certain. */
  readonly who: '' | 'fixer' | 'judge';
  readonly certainty: '' | FindingView['confidence'];
  /** A part of the path. */
  readonly path: string;
  readonly text: string;
}

export const NO_FILTER: FindingFilter = {
  shown: 'open',
  sources: new Set(),
  who: '',
  certainty: '',
  path: '',
  text: '',
};

const isShown = (shown: Shown, { dismissed, place }: FindingView): boolean => {
  if (shown === 'all') return true;
  if (shown === 'dismissed') return dismissed;
  return !dismissed && (shown === 'open' || place === shown);
};

/** Words are looked for in what is told of a finding: its rule, its message, its lines, its id. */
const holds = ({ rule, message, excerpt, path, findingId }: FindingView, text: string): boolean =>
  [rule, message, excerpt, path, findingId].some((part) => part.toLowerCase().includes(text));

export const passes = (filter: FindingFilter): ((finding: FindingView) => boolean) => {
  const path = filter.path.trim().toLowerCase();
  const text = filter.text.trim().toLowerCase();
  return (finding) =>
    isShown(filter.shown, finding) &&
    (filter.sources.size === 0 || filter.sources.has(finding.source)) &&
    (filter.who === '' || (finding.fixer !== undefined) === (filter.who === 'fixer')) &&
    (filter.certainty === '' || finding.confidence === filter.certainty) &&
    (path === '' || finding.path.toLowerCase().includes(path)) &&
    (text === '' || holds(finding, text));
};

export interface Group {
  readonly key: string;
  readonly findings: readonly FindingView[];
}

/** Files in the order of their paths, each from top to bottom; rules and kinds with the most findings first. */
export const groupsOf = (findings: readonly FindingView[], by: Grouping): readonly Group[] => {
  const members = new Map<string, FindingView[]>();
  for (const finding of findings) {
    const known = members.get(finding[by]);
    if (known === undefined) members.set(finding[by], [finding]);
    else known.push(finding);
  }
  const groups = [...members].map(([key, all]) => ({
    key,
    findings: by === 'path' ? all.toSorted((a, b) => a.range.startLine - b.range.startLine) : all,
  }));
  const byName = (a: Group, b: Group) => (a.key < b.key ? -1 : 1);
  return groups.toSorted(by === 'path' ? byName : (a, b) => b.findings.length - a.findings.length || byName(a, b));
};

/** A line of the list: the head of a group, or one of its findings. `place` and `of` count within what it belongs to. */
export type Row =
  | {
      readonly kind: 'group';
      readonly group: Group;
      readonly open: boolean;
      readonly place: number;
      readonly of: number;
    }
  | {
      readonly kind: 'finding';
      readonly finding: FindingView;
      readonly group: Group;
      readonly place: number;
      readonly of: number;
    };

export const rowsOf = (groups: readonly Group[], closed: ReadonlySet<string>): readonly Row[] =>
  groups.flatMap((group, index): Row[] => {
    const open = !closed.has(group.key);
    const head: Row = { kind: 'group', group, open, place: index + 1, of: groups.length };
    if (!open) return [head];
    const of = group.findings.length;
    return [
      head,
      ...group.findings.map((finding, at): Row => ({ kind: 'finding', finding, group, place: at + 1, of })),
    ];
  });

export const keyOf = (row: Row): string => (row.kind === 'group' ? `group ${row.group.key}` : row.finding.findingId);

/** Patterns that take in the file of a finding: itself, then each folder around it, the nearest first. */
export const patternsAround = (path: string): readonly string[] => {
  const folders = path.split('/').slice(0, -1);
  const literal = (text: string) => text.replaceAll(/[*?{}]/g, '?');
  return [
    literal(path),
    ...folders.map((_, index) => `${literal(folders.slice(0, folders.length - index).join('/'))}/**`),
  ];
};
