import { termsOf } from './words.js';

/** Rough, and the same for every model: four characters are one token. */
export const tokensIn = (text: string): number => Math.ceil(text.length / 4);

const LONGEST_LINE = 240;
const CONTROL = /[\0-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g; // oxlint-disable-line no-control-regex

export interface Snippet {
  readonly startLine: number;
  readonly text: string;
}

const clean = (line: string) => {
  const shown = line.replace(CONTROL, '');
  return shown.length > LONGEST_LINE ? `${shown.slice(0, LONGEST_LINE)}…` : shown;
};

/**
 * The part of lines `startLine..endLine` that is worth `budget` tokens: all of it if it fits, else the stretch whose lines
 * hold the most of the wanted terms, by weight. At least one line. Without control characters and text-direction marks.
 */
export const snippetOf = (
  lines: readonly string[],
  startLine: number,
  endLine: number,
  budget: number,
  weightOf: ReadonlyMap<string, number>,
): Snippet => {
  const part = lines.slice(startLine - 1, Math.min(endLine, startLine + 2000)).map(clean);
  const costs = part.map((line) => line.length + 1);
  const worths = part.map((line) =>
    [...new Set(termsOf(line))].reduce((sum, term) => sum + (weightOf.get(term) ?? 0), 0),
  );
  const [from, to] = bestStretch(costs, worths, budget * 4);
  return { startLine: startLine + from, text: part.slice(from, to).join('\n') };
};

/** The stretch of the highest worth within the room, the earliest of equals: `[from, to)`. */
const bestStretch = (costs: readonly number[], worths: readonly number[], room: number): [number, number] => {
  let best: [number, number] = [0, 1];
  let bestWorth = -1;
  let [to, cost, worth] = [0, 0, 0];
  for (let from = 0; from < costs.length; from++) {
    while (to < costs.length && cost + (costs[to] ?? 0) <= room) {
      cost += costs[to] ?? 0;
      worth += worths[to] ?? 0;
      to++;
    }
    if (to > from && worth > bestWorth) [best, bestWorth] = [[from, to], worth];
    if (to === costs.length) break;
    if (to === from) to++;
    else {
      cost -= costs[from] ?? 0;
      worth -= worths[from] ?? 0;
    }
  }
  return best;
};
