import { randomInt } from 'node:crypto';

/** The seed of a run: `HYPER_RUN_SEED`, or a new one. */
export const seedOfRun = (): number => Number(process.env['HYPER_RUN_SEED'] ?? randomInt(2 ** 31));

/** mulberry32: small, fast, good enough to choose moments and faults. */
export const randomOf = (seed: number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};
