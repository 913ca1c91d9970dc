import { createHash } from 'node:crypto';
import type { SealedHead, Sha256, StreamName, Version } from '#contracts';

/** A record as it is stored. Of a redacted one only the digest of its data is left: enough for the chain. */
export interface SealedRecord {
  readonly version: number;
  readonly header: Uint8Array;
  readonly data: Uint8Array | { readonly redacted: string };
  /** SHA-256 of the data that was sealed, where `data` is what was left of it: that is not sealed. */
  readonly redacted?: string | undefined;
}

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** SHA-256(header ‖ SHA-256(data)). */
export const leafOf = ({ header, data, redacted }: Omit<SealedRecord, 'version'>): Buffer => {
  const digest = redacted ?? (data instanceof Uint8Array ? undefined : data.redacted);
  return sha256(header, digest === undefined ? sha256(data as Uint8Array) : Buffer.from(digest, 'hex'));
};

/** h₀ = SHA-256(name of the stream). */
export const seedOf = (stream: string): Buffer => sha256(Buffer.from(stream));

/** hₙ = SHA-256(hₙ₋₁ ‖ leafₙ). */
export const linkOf = (before: Uint8Array, record: Omit<SealedRecord, 'version'>): Buffer =>
  sha256(before, leafOf(record));

/** The hash chain over one stream, record by record. Grows by 32 bytes of state and no more. */
export class Seal {
  #hash: Buffer;
  #version = 0;

  constructor(readonly stream: StreamName) {
    this.#hash = seedOf(stream);
  }

  /** @returns the hash of everything up to this record */
  add(record: Omit<SealedRecord, 'version'>): Sha256 {
    this.#hash = linkOf(this.#hash, record);
    this.#version++;
    return this.#hash.toString('hex') as Sha256;
  }

  get head(): SealedHead {
    return {
      stream: this.stream,
      version: this.#version as Version,
      hash: this.#hash.toString('hex') as Sha256,
    };
  }
}

type Records = AsyncIterable<SealedRecord> | Iterable<SealedRecord>;

/**
 * The head of a stream, from its records in order, beginning with the first.
 * @param upTo version at which to stop; default: the end
 */
export const sealStream = async (stream: StreamName, records: Records, upTo = Infinity): Promise<SealedHead> => {
  const seal = new Seal(stream);
  for await (const record of records) {
    if (record.version > upTo) break;
    seal.add(record);
  }
  return seal.head;
};
