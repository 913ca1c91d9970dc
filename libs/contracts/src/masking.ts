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
  /(:\/\/[^\s/:@]{0,200}:)[^\s/@]{1,200}(?=@)/g,
  /((?:password|passwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token|private[_-]?key)["']?\s{0,4}[=:]\s{0,4}["']?)[^\s"',;]{8,400}/gi,
];

/**
 * The text without secrets: first the values in `known` (six characters at least) and what becomes of them in addresses,
 * JSON and base64, then whatever looks like a key, a token or a password. Best effort: what has no known form and is not in
 * `known` stays.
 */
export const maskSecrets = (text: string, known: readonly string[] = []): string => {
  let masked = maskKnown(text, known);
  for (const pattern of KEYS) masked = masked.replace(pattern, MASK);
  for (const pattern of LABELLED) masked = masked.replace(pattern, `$1${MASK}`);
  return masked;
};

/** The text without the values in `known`, in whatever form of `secretForms`. */
export const maskKnown = (text: string, known: readonly string[]): string => {
  let masked = text;
  for (const form of secretForms(known)) masked = masked.replaceAll(form, MASK);
  return masked;
};

const FORMS = new WeakMap<readonly string[], readonly string[]>();

/**
 * What the values look like when they get out: as they are, in addresses, in JSON and in base64, there also as a part of
 * something longer; the longest first. Values of fewer than six characters are left out: they would be found everywhere.
 */
export const secretForms = (known: readonly string[]): readonly string[] => {
  const made = FORMS.get(known);
  if (made !== undefined) return made;
  const all = new Set(known.filter((value) => value.length >= SHORTEST_KNOWN).flatMap(formsOf));
  const forms = [...all].toSorted((a, b) => b.length - a.length);
  FORMS.set(known, forms);
  return forms;
};

const formsOf = (value: string): string[] => {
  const inAddress = encodeURIComponent(new TextDecoder().decode(new TextEncoder().encode(value)));
  const lowerCase = inAddress.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  const encoded = [0, 1, 2].map((offset) => base64Within(value, offset));
  const forAddresses = encoded.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  return [value, JSON.stringify(value).slice(1, -1), inAddress, lowerCase, ...encoded, ...forAddresses];
};

/** The characters of base64 that the value alone decides, where `offset` bytes of something else stand before it. */
const base64Within = (value: string, offset: number): string => {
  const bytes = new Uint8Array([...new Uint8Array(offset), ...new TextEncoder().encode(value)]);
  const encoded = btoa(String.fromCodePoint(...bytes));
  return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6));
};

const CONTROL = /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g; // oxlint-disable-line no-control-regex
// oxlint-disable-next-line no-control-regex
const TERMINAL_SEQUENCE = /\x1b(?:\[[0-9;?]{0,40}[ -/]?[@-~]|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)?|[@-_])/g;

/** Text as it may stand in an event: no secrets, no terminal sequences, no control characters but line break and tab. */
export const eventText = (text: string, known: readonly string[] = []): string =>
  maskSecrets(text.replace(TERMINAL_SEQUENCE, '').replace(CONTROL, ''), known);
