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

/** Rules that so many documents break that it must be how they are written here. `broken`: rule → number of documents. */
export const houseStyle = (documents: number, broken: ReadonlyMap<string, number>): ReadonlySet<string> =>
  new Set(
    [...broken]
      .filter(([, count]) => documents >= MIN_DOCUMENTS && count / documents > HOUSE_STYLE)
      .map(([rule]) => rule),
  );
