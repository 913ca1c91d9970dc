/**
 * BM25+ over documents with fields (Lv and Zhai, "Lower-bounding term frequency normalization", CIKM 2011), one score per
 * field, added with weights. All but the inverse document frequency is worked out when the index is built, so that a query is
 * a walk over the postings of its terms. Weights, b and k1 are those that were measured best on docstring → symbol queries.
 */
export const FIELDS = ['name', 'parent', 'path', 'code'] as const;
export type Field = (typeof FIELDS)[number];
const WEIGHTS: Readonly<Record<Field, number>> = { name: 3, parent: 2, path: 1, code: 1 };
const K1 = 1.2;
const B = 0.9;
const DELTA = 1;

/** Terms of one document by field, each as `[term, count, term, count …]`. */
export type FieldTerms = Readonly<Record<Field, readonly (string | number)[]>>;

export interface Match {
  readonly document: number;
  readonly score: number;
  /** Matched terms, each with the fields that it was found in. */
  readonly terms: readonly { readonly term: string; readonly fields: readonly Field[] }[];
}

interface Postings {
  readonly documents: number[];
  readonly impacts: number[];
  /** One bit per field. */
  readonly fields: number[];
}

export class Bm25Index {
  private readonly postings = new Map<string, Postings>();
  private readonly scores: Float64Array;
  private readonly matched: Uint32Array;

  constructor(private readonly size: number) {
    this.scores = new Float64Array(size);
    this.matched = new Uint32Array(size);
  }

  get terms(): number {
    return this.postings.size;
  }

  /** Builds the postings; `pause` is awaited every few hundred documents, so that others get their turn. */
  static async build(documents: readonly FieldTerms[], pause: () => Promise<void>): Promise<Bm25Index> {
    const index = new Bm25Index(documents.length);
    const mean = meanLengths(documents);
    for (const [at, document] of documents.entries()) {
      if (at % 256 === 255) await pause();
      FIELDS.forEach((field, bit) => index.add(at, document[field], WEIGHTS[field], mean[field], 1 << bit));
    }
    return index;
  }

  private add(document: number, terms: readonly (string | number)[], weight: number, mean: number, bit: number): void {
    const norm = K1 * (1 - B + (B * lengthOf(terms)) / mean);
    for (let at = 0; at + 1 < terms.length; at += 2) {
      const term = String(terms[at]);
      const frequency = Number(terms[at + 1]);
      const impact = weight * (DELTA + ((K1 + 1) * frequency) / (norm + frequency));
      const postings = this.postings.get(term) ?? { documents: [], impacts: [], fields: [] };
      if (postings.documents.length === 0) this.postings.set(term, postings);
      const last = postings.documents.length - 1;
      if (postings.documents[last] === document) {
        postings.impacts[last] = (postings.impacts[last] ?? 0) + impact;
        postings.fields[last] = (postings.fields[last] ?? 0) | bit;
      } else {
        postings.documents.push(document);
        postings.impacts.push(impact);
        postings.fields.push(bit);
      }
    }
  }

  /** How telling a term is: 0 for one that occurs nowhere. */
  weight(term: string): number {
    const count = this.postings.get(term)?.documents.length ?? 0;
    return count === 0 ? 0 : Math.log(1 + (this.size - count + 0.5) / (count + 0.5));
  }

  /**
   * The `limit` best documents. A document's score is multiplied by the share of the query's terms that it holds, and by
   * `factor(document)`. Ties go to the earlier document, so that equal input gives equal output.
   */
  search(terms: readonly string[], limit: number, factor: (document: number) => number): Match[] {
    const distinct = [...new Set(terms)].filter((term) => this.postings.has(term));
    const touched: number[] = [];
    for (const term of distinct) this.accumulate(term, this.weight(term), touched);
    const best: Scored[] = [];
    for (const document of touched) {
      const share = (this.matched[document] ?? 0) / distinct.length;
      keepBest(best, { document, score: (this.scores[document] ?? 0) * share * factor(document) }, limit);
      this.scores[document] = this.matched[document] = 0;
    }
    return best.map((match) => ({ ...match, terms: this.explain(match.document, distinct) }));
  }

  private accumulate(term: string, weight: number, touched: number[]): void {
    const postings = this.postings.get(term);
    if (!postings) return;
    for (let at = 0; at < postings.documents.length; at++) {
      const document = postings.documents[at] ?? 0;
      if (this.matched[document] === 0) touched.push(document);
      this.scores[document] = (this.scores[document] ?? 0) + weight * (postings.impacts[at] ?? 0);
      this.matched[document] = (this.matched[document] ?? 0) + 1;
    }
  }

  private explain(document: number, terms: readonly string[]): Match['terms'] {
    return terms.flatMap((term) => {
      const postings = this.postings.get(term);
      const at = postings ? indexOfSorted(postings.documents, document) : -1;
      const bits = at < 0 ? 0 : (postings?.fields[at] ?? 0);
      return bits === 0 ? [] : [{ term, fields: FIELDS.filter((_, bit) => (bits & (1 << bit)) !== 0) }];
    });
  }
}

type Scored = { readonly document: number; readonly score: number };

const isBetter = (a: Scored, b: Scored) => a.score > b.score || (a.score === b.score && a.document < b.document);

/** Keeps the list sorted and no longer than `limit`. */
const keepBest = (best: Scored[], candidate: Scored, limit: number): void => {
  const last = best.at(-1);
  if (best.length >= limit && last && !isBetter(candidate, last)) return;
  if (best.length >= limit) best.pop();
  let at = best.length;
  for (let before = best[at - 1]; before && isBetter(candidate, before); before = best[at - 1]) at--;
  best.splice(at, 0, candidate);
};

const lengthOf = (terms: readonly (string | number)[]): number => {
  let length = 0;
  for (let at = 1; at < terms.length; at += 2) length += Number(terms[at]);
  return length;
};

const meanLengths = (documents: readonly FieldTerms[]): Record<Field, number> => {
  const sums = { name: 0, parent: 0, path: 0, code: 0 };
  const counts = { name: 0, parent: 0, path: 0, code: 0 };
  for (const document of documents)
    for (const field of FIELDS) {
      const length = lengthOf(document[field]);
      sums[field] += length;
      counts[field] += length > 0 ? 1 : 0;
    }
  const mean = (field: Field) => Math.max(1, sums[field] / Math.max(1, counts[field]));
  return { name: mean('name'), parent: mean('parent'), path: mean('path'), code: mean('code') };
};

const indexOfSorted = (values: readonly number[], wanted: number): number => {
  let low = 0;
  let high = values.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const value = values[middle] ?? 0;
    if (value === wanted) return middle;
    if (value < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
};
