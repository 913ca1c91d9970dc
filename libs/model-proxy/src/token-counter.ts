import { StringDecoder } from 'node:string_decoder';
import { estimate, isObject, type TokenReader, type Tokens } from './tokens.js';

const LONGEST_LINE = 4 * 2 ** 20;
const LARGEST_WHOLE = 64 * 2 ** 20;

export interface Count {
  readonly tokens: Tokens;
  /** The provider did not say, or not all: from the length of what was sent. */
  readonly estimated: boolean;
}

/** Reads along with the bytes of one answer, line by line where it is a stream, and keeps what its provider counts. */
export class TokenCounter {
  #known: Tokens | undefined;
  #characters = 0;
  #text = '';
  readonly #decoder = new StringDecoder('utf8');
  readonly #longest: number;

  constructor(
    private readonly read: TokenReader,
    private readonly bytesIn: number,
    private readonly streamed: boolean,
  ) {
    this.#longest = streamed ? LONGEST_LINE : LARGEST_WHOLE;
  }

  feed(chunk: Buffer): void {
    const [first = '', ...rest] = this.streamed ? this.#decoder.write(chunk).split('\n') : [this.#decoder.write(chunk)];
    this.#append(first);
    for (const line of rest) {
      this.#look();
      this.#append(line);
    }
  }

  /** `complete`: the answer came to its end. */
  count(complete: boolean): Count {
    this.#look();
    if (complete && this.#known !== undefined) return { tokens: this.#known, estimated: false };
    const known = this.#known ?? NONE;
    const guess = estimate(this.bytesIn, this.#characters);
    const tokens = { ...known, input: known.input || guess.input, output: Math.max(known.output, guess.output) };
    return { tokens, estimated: true };
  }

  /** What the provider said, if it said anything: a refused call costs nothing. */
  get known(): Tokens {
    this.#look();
    return this.#known ?? NONE;
  }

  #append(text: string): void {
    if (this.#text.length + text.length <= this.#longest) this.#text += text;
  }

  #look(): void {
    const line = this.#text.startsWith('data:') ? this.#text.slice(5) : this.#text;
    this.#text = '';
    const json = parse(line);
    // Google streams an array where it is not asked for events.
    for (const one of Array.isArray(json) ? json : [json]) {
      this.#characters += textLength(one);
      const found = this.read(one);
      if (found !== undefined) this.#known = merge(this.#known ?? NONE, found);
    }
  }
}

const NONE: Tokens = { input: 0, cached: 0, output: 0 };

/** Counts of a stream grow, and not every event has them all. */
const merge = (a: Tokens, b: Tokens): Tokens => ({
  input: Math.max(a.input, b.input),
  cached: Math.max(a.cached, b.cached),
  output: Math.max(a.output, b.output),
});

const parse = (text: string): unknown => {
  if (!/[{[]/.test(text.slice(0, 200))) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Under these names providers put what the model says. */
const SAID = /^(?:text|content|thinking|reasoning(?:_content)?|partial_json|arguments|delta|response)$/;
const DEEPEST = 12;

const textLength = (value: unknown, name = '', depth = 0): number => {
  if (typeof value === 'string') return SAID.test(name) ? value.length : 0;
  if (depth > DEEPEST) return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + textLength(one, name, depth + 1), 0);
  if (!isObject(value)) return 0;
  return Object.entries(value).reduce((sum, [key, one]) => sum + textLength(one, key, depth + 1), 0);
};
