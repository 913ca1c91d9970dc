/** From text to the terms that are compared: sub-words of identifiers, lower case, lightly stemmed, without stop words. */

const SUB_WORD = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/g;
const SUB_WORD_UNICODE = /\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|[\p{Lo}\p{M}]+|\p{N}+/gu;
const ASCII_ONLY = /^[\0-\x7f]*$/; // oxlint-disable-line no-control-regex
const LONGEST_TERM = 40;

const STOP_WORDS = new Set(
  (
    'a an and any are as at be been but by can could did do does done each for from get given gives had has have how i if in into is it its ' +
    'just let like may me more most must my no nor not of on one only or other our out over own shall she so some such than that the their ' +
    'them then there these they this those through to too under until up upon us very was we were what when where which while who whom why ' +
    'will with would you your const var function return new export import public private static void readonly async await def self fn pub'
  ).split(' '),
);

const endsInDoubled = /([bdfgmnprt])\1$/;

/** A light English stem: plural, -ing, -ed, silent e. `writes`, `writing`, `write` are one term; so are `retry`, `retries`. */
export const stem = (word: string): string => {
  let stemmed = word;
  if (stemmed.length > 4 && stemmed.endsWith('ies')) stemmed = `${stemmed.slice(0, -3)}y`;
  else if (stemmed.length > 4 && /(ss|sh|ch|x|z)es$/.test(stemmed)) stemmed = stemmed.slice(0, -2);
  else if (stemmed.length > 3 && stemmed.endsWith('s') && !/(ss|us|is)$/.test(stemmed)) stemmed = stemmed.slice(0, -1);
  if (stemmed.length > 5 && stemmed.endsWith('ing')) stemmed = undouble(stemmed.slice(0, -3));
  else if (stemmed.length > 4 && stemmed.endsWith('ed')) stemmed = undouble(stemmed.slice(0, -2));
  if (stemmed.length > 4 && stemmed.endsWith('ly')) stemmed = stemmed.slice(0, -2);
  return stemmed.length > 3 && stemmed.endsWith('e') ? stemmed.slice(0, -1) : stemmed;
};

const undouble = (word: string) => (word.length > 3 && endsInDoubled.test(word) ? word.slice(0, -1) : word);

/** Scripts written without spaces are compared by pairs of characters. */
const pairs = (run: string): string[] => {
  const characters = Array.from(run);
  return characters.length < 2 ? [run] : characters.slice(1).map((character, i) => `${characters[i]}${character}`);
};

const stems = new Map<string, string>();
const STEMS_KEPT = 50_000;

const termOf = (word: string): string => {
  const known = stems.get(word);
  if (known !== undefined) return known;
  const lower = word.toLowerCase();
  const term = lower.length > LONGEST_TERM || lower.length < 2 || STOP_WORDS.has(lower) ? '' : stem(lower);
  if (stems.size >= STEMS_KEPT) stems.clear();
  stems.set(word, term);
  return term;
};

/** The terms of a text in order, with repetitions, at most `limit`. Deterministic. */
export const termsOf = (text: string, limit = Number.POSITIVE_INFINITY): string[] => {
  const terms: string[] = [];
  const ascii = ASCII_ONLY.test(text);
  for (const [word] of text.matchAll(ascii ? SUB_WORD : SUB_WORD_UNICODE)) {
    if (terms.length >= limit) break;
    if (!ascii && /^[\p{Lo}\p{M}]/u.test(word)) terms.push(...pairs(word));
    else {
      const term = termOf(word);
      if (term) terms.push(term);
    }
  }
  return terms.length > limit ? terms.slice(0, limit) : terms;
};
