import type { Heard, MakeFormat } from './format.js';

/** Any program: every line is something that it says. */
export const text: MakeFormat = ({ narration }: Heard) => ({
  other: (line) => narration.piece(`${line}\n`, 'message'),
});
