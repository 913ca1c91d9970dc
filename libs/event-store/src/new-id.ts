import { randomFillSync } from 'node:crypto';

const DIGITS = Buffer.from('0123456789abcdef');
const VARIANTS = Buffer.from('89ab');
/** Where random digits stand, after the one of the variant. */
const PLACES = [15, 16, 17, 20, 21, 22, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35] as const;
const RANDOM_BYTES = 1 + PLACES.length;

const random = Buffer.alloc(RANDOM_BYTES * 256);
let used = random.length;

/** The newest id, and its milliseconds: of the next one only what differs is written. */
const id = Buffer.from('00000000-0000-7000-8000-000000000000');
let time = 0;

/**
 * A fresh id that sorts by time: UUIDv7 (RFC 9562), its first 48 bits the milliseconds since 1970, the rest random. One is
 * made for every event: written as bytes it costs half of what it costs as text put together, and a tenth of the garbage.
 */
export const newId = (): string => {
  const now = Date.now();
  if (now !== time) {
    time = now;
    const digits = now.toString(16).padStart(12, '0');
    id.write(`${digits.slice(0, 8)}-${digits.slice(8)}`, 'latin1');
  }
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  id[19] = VARIANTS[random[used++]! & 3]!;
  for (const place of PLACES) id[place] = DIGITS[random[used++]! & 15]!;
  return id.toString('latin1');
};
