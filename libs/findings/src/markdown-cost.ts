// A Markdown parser takes quadratic time on some inputs and overflows the stack on others; it cannot be interrupted.
// So what it would cost at worst is estimated before it starts.

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const DELIMITERS = /[*_[\]<&~`!(\\|]/g;
const CONTAINERS = /^(?:[ \t]*(?:>|[-+*][ \t]|\d{1,9}[.)][ \t]|\[\^[^\]\s]{1,99}\]:))+/;
const MARKERS = />|[-+*][ \t]|\d[.)][ \t]|\]:/g;

const MAX_BYTES = 256_000;
const MAX_LINKS = 10_000;
/** Every line may be a block of its own: measured at most 0.2 ms each. Blank ones cost nothing. */
const MAX_LINES = 12_000;
const MAX_DEPTH = 20;
const MAX_INDENT = 200;
/** Sum of squared delimiters per block; measured at most 100 ns each: about 2 s. */
const MAX_COST = 20_000_000;
/** Inside fences, which are believed to be code: cheap if they are, bounded if they only look so. */
const MAX_FENCED_COST = 60_000_000;

const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;

/** Why this text should not be given to a Markdown parser; undefined: it may. */
export const tooCostly = (text: string): string | undefined => {
  if (text.length > MAX_BYTES) return 'larger than 256 kB';
  if (count(text, /\]\(|\]:/g) > MAX_LINKS) return `more than ${MAX_LINKS} links`;
  if (count(text, /^[^\S\n]*\S/gm) > MAX_LINES) return `more than ${MAX_LINES} lines`;
  let cost = 0;
  let fenced = 0;
  let block = 0;
  let fence: string | undefined;
  const close = () => {
    if (fence === undefined) cost += block * block;
    else fenced += block * block;
    block = 0;
  };
  for (const line of text.split('\n')) {
    const mark = FENCE.exec(line)?.[1];
    if (mark !== undefined && (fence === undefined || mark.startsWith(fence))) {
      close();
      fence = fence === undefined ? mark : undefined;
    } else if (line.trim() === '') close();
    const containers = CONTAINERS.exec(line)?.[0];
    if (containers !== undefined && count(containers, MARKERS) > MAX_DEPTH)
      return `containers nested deeper than ${MAX_DEPTH}`;
    if (line.length - line.trimStart().length > MAX_INDENT) return `indented by more than ${MAX_INDENT}`;
    const delimiters = count(line, DELIMITERS);
    if (/^\s*\|/.test(line)) {
      cost += delimiters * delimiters;
      block += 1;
    } else block += delimiters;
  }
  close();
  if (cost > MAX_COST || fenced > MAX_FENCED_COST) return 'too many delimiters in one block';
  return undefined;
};
