import { secretForms } from '#contracts';

const MASK = Buffer.from('[masked]');

/**
 * Takes the forms of a secret out of bytes that pass, also where one is cut in two by the border of a chunk. Held back is
 * only what may be the beginning of one: a stream flows on.
 */
export class MaskedBytes {
  readonly #forms: readonly Buffer[];
  readonly #longest: number;
  #held: Buffer = Buffer.alloc(0);

  constructor(secrets: readonly string[]) {
    this.#forms = secretForms(secrets).map((form) => Buffer.from(form));
    this.#longest = Math.max(0, ...this.#forms.map(({ length }) => length));
  }

  pass(chunk: Buffer): Buffer {
    const masked = this.#mask(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]));
    const held = this.#beginning(masked);
    this.#held = masked.subarray(masked.length - held);
    return masked.subarray(0, masked.length - held);
  }

  /** What was held back, and turned out to be no secret. */
  rest(): Buffer {
    return this.#held;
  }

  #mask(bytes: Buffer): Buffer {
    return this.#forms.reduce((all, form) => replaced(all, form), bytes);
  }

  /** How many bytes at the end a form may begin with. */
  #beginning(bytes: Buffer): number {
    for (let length = Math.min(this.#longest - 1, bytes.length); length > 0; length--) {
      const end = bytes.subarray(bytes.length - length);
      if (this.#forms.some((form) => form.length > length && form.subarray(0, length).equals(end))) return length;
    }
    return 0;
  }
}

const replaced = (bytes: Buffer, form: Buffer): Buffer => {
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = bytes.indexOf(form); at >= 0; at = bytes.indexOf(form, from)) {
    parts.push(bytes.subarray(from, at), MASK);
    from = at + form.length;
  }
  return from === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(from)]);
};
