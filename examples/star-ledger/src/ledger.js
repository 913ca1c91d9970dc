import { parseLine, RefusedLine } from './parse.js';

/** Reads a whole ledger. Refused lines do not stop it: they are returned beside the sightings. */
export const readLedger = (text) => {
  const sightings = [];
  const refused = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    try {
      sightings.push(parseLine(line, index + 1));
    } catch (error) {
      if (!(error instanceof RefusedLine)) throw error;
      refused.push(error);
    }
  }
  return { sightings, refused };
};
