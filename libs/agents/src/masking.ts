const MASK = '[masked]';
const SHORTEST_KNOWN = 6;

/** Keys that can be told by their form. None of the patterns backtracks over more than it matches. */
const KEYS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}|glpat-[\w-]{16,255}|npm_[A-Za-z0-9]{30,255})/g,
  /\b(?:sk|pk|rk)[-_](?:[a-z]{2,12}[-_]){0,3}[A-Za-z0-9_-]{20,255}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,255}/g,
  /\bAIza[\w-]{30,255}/g,
  /\beyJ[\w-]{8,2000}\.[\w-]{8,4000}\.[\w-]{8,1000}/g,
];

/** Keys that can be told by what stands before them; that part stays. */
const LABELLED: readonly RegExp[] = [
  /(\b(?:Bearer|Basic)\s{1,4})[\w.~+/=-]{12,4000}/gi,
  /([a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@]{0,200}:)[^\s/@]{1,200}(?=@)/gi,
  /((?:password|passwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token|private[_-]?key)["']?\s{0,4}[=:]\s{0,4}["']?)[^\s"',;]{8,400}/gi,
];

/**
 * The text without secrets: first the values in `known` (six characters at least), then whatever looks like a key, a token
 * or a password. Best effort: what has no known form and is not in `known` stays.
 */
export const maskSecrets = (text: string, known: readonly string[] = []): string => {
  let masked = text;
  const longestFirst = known.filter((value) => value.length >= SHORTEST_KNOWN).toSorted((a, b) => b.length - a.length);
  for (const value of longestFirst) masked = masked.replaceAll(value, MASK);
  for (const pattern of KEYS) masked = masked.replace(pattern, MASK);
  for (const pattern of LABELLED) masked = masked.replace(pattern, `$1${MASK}`);
  return masked;
};

const CONTROL = /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g; // oxlint-disable-line no-control-regex
// oxlint-disable-next-line no-control-regex
const TERMINAL_SEQUENCE = /\x1b(?:\[[0-9;?]{0,40}[ -/]?[@-~]|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)?|[@-_])/g;

/** Text as it may stand in an event: no secrets, no terminal sequences, no control characters but line break and tab. */
export const eventText = (text: string, known: readonly string[] = []): string =>
  maskSecrets(text.replace(TERMINAL_SEQUENCE, '').replace(CONTROL, ''), known);
