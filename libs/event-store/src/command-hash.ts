import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Sha256 } from '#contracts';

/** SHA-256 of the canonical JSON (RFC 8785) of a command's body, in hexadecimal. */
export const commandHash = (body: unknown): Sha256 => hash('sha256', canonicalize(body ?? null) ?? 'null') as Sha256;
