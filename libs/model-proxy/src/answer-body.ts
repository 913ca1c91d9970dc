import { Transform, type TransformCallback } from 'node:stream';
import { HyperRunError } from '#contracts';
import { MaskedBytes } from './masked-bytes.js';
import type { TokenCounter } from './token-counter.js';

export interface AnswerTerms {
  readonly masked: MaskedBytes;
  /** Absent: the call costs nothing. */
  readonly counter?: TokenCounter | undefined;
  readonly limitBytes: number;
  readonly onBytes: (chunk: Buffer) => void;
  /** Once, before the end is passed on: whether the answer came to its end. */
  readonly onEnd: (complete: boolean, error?: Error) => void;
}

/** The bytes of an answer on their way: counted, without secrets, as fast as they come. */
export class AnswerBody extends Transform {
  #bytes = 0;
  #ended = false;

  constructor(private readonly terms: AnswerTerms) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const { counter, masked, limitBytes, onBytes } = this.terms;
    this.#bytes += chunk.length;
    if (this.#bytes > limitBytes) {
      done(new HyperRunError('model.answer-too-large', `The answer is larger than ${limitBytes} bytes.`));
      return;
    }
    onBytes(chunk);
    counter?.feed(chunk);
    done(null, masked.pass(chunk));
  }

  override _flush(done: TransformCallback): void {
    this.#end(true);
    done(null, this.terms.masked.rest());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#end(false, error ?? undefined);
    done(error);
  }

  #end(complete: boolean, error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.terms.onEnd(complete, error);
  }
}
