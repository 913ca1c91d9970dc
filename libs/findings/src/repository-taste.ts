import { posix } from 'node:path';
import type { SourceTree } from './source-tree.js';

const CONFIGURATIONS = ['json', 'jsonc', 'yaml', 'yml'].flatMap((ending) => [
  `.markdownlint.${ending}`,
  `.markdownlint-cli2.${ending}`,
]);
const SWITCHED_OFF = /["']?(MD\d{3})["']?\s*:\s*false/g;

/** Rules that the repository's own markdownlint configuration switches off. It is read as text: data, never run. */
export const unwantedRules = async (tree: SourceTree): Promise<ReadonlySet<string>> => {
  const unwanted = new Set<string>();
  const there = new Set(tree.files().map(({ path }) => path));
  for (const path of CONFIGURATIONS.filter((name) => there.has(name))) {
    const text = (await tree.read(path))?.subarray(0, 100_000).toString('utf8') ?? '';
    for (const match of text.matchAll(SWITCHED_OFF)) if (match[1] !== undefined) unwanted.add(match[1]);
  }
  return unwanted;
};

const MIN_DOCUMENTS = 5;
const HOUSE_STYLE = 0.25;
/** One folder is a smaller sample: here it takes most of the documents. */
const FOLDER_STYLE = 0.5;

/** Document → the rules it breaks, which may be none. */
type Broken = ReadonlyMap<string, ReadonlySet<string>>;

const habits = (documents: readonly ReadonlySet<string>[], share: number): ReadonlySet<string> => {
  const counts = new Map<string, number>();
  for (const rules of documents) for (const rule of rules) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  const isHabit = (count: number) => documents.length >= MIN_DOCUMENTS && count / documents.length > share;
  return new Set([...counts].filter(([, count]) => isHabit(count)).map(([rule]) => rule));
};

/** Whether so many documents break a rule, in the repository or in this folder, that it must be how they are written. */
export const houseStyle = (broken: Broken): ((path: string, rule: string) => boolean) => {
  const byFolder = new Map<string, ReadonlySet<string>[]>();
  for (const [path, rules] of broken) {
    const folder = byFolder.get(posix.dirname(path));
    if (folder) folder.push(rules);
    else byFolder.set(posix.dirname(path), [rules]);
  }
  const everywhere = habits([...broken.values()], HOUSE_STYLE);
  const here = new Map([...byFolder].map(([folder, documents]) => [folder, habits(documents, FOLDER_STYLE)]));
  return (path, rule) => everywhere.has(rule) || (here.get(posix.dirname(path))?.has(rule) ?? false);
};
