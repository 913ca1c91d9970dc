export const SYMBOL_KINDS = [
  'function', 'class', 'method', 'interface', 'type', 'const', 'enum', 'module', 'heading',
] as const; // prettier-ignore
export type SymbolKind = (typeof SYMBOL_KINDS)[number];

/** A named part of a file. Lines count from 1, both ends included; a leading comment is not part of the range. */
export interface CodeSymbol {
  readonly name: string;
  readonly kind: SymbolKind;
  /** Names of what it lies in, outermost first, joined by `.`; headings are joined by ` > `. */
  readonly parent?: string;
  readonly startLine: number;
  readonly endLine: number;
}

/** No file needs more; a hostile one gets no more. */
export const MAX_SYMBOLS_PER_FILE = 5000;
export const MAX_NAME_LENGTH = 200;

/** Line numbers of offsets that are asked for in ascending or any order. */
export const lineCounter = (text: string): ((offset: number) => number) => {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
};
