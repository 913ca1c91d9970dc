// What binds an approval to exactly the plan that was read.
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { approvedPart, type Plan, type Sha256 } from '#contracts';

/** SHA-256 of the canonical JSON (RFC 8785) of exactly what is approved; see `approvedPart`. */
export const planHash = (plan: Omit<Plan, 'planHash'>): Sha256 =>
  createHash('sha256')
    .update(canonicalize(approvedPart(plan)) ?? '')
    .digest('hex') as Sha256;
