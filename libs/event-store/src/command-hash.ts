import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { v7 } from 'uuid';
import type { Sha256 } from '#contracts';

/** SHA-256 of the canonical JSON (RFC 8785) of a command's body, in hexadecimal. */
export const commandHash = (body: unknown): Sha256 =>
  createHash('sha256')
    .update(canonicalize(body ?? null) ?? 'null')
    .digest('hex') as Sha256;

/** A fresh id that sorts by time: UUIDv7. */
export const newId = (): string => v7();
