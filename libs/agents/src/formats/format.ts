import type { Narration } from '../narration.js';
import type { Usage } from '../tools.js';

/** How the task ended, as the program says; its exit code is looked at besides. */
export interface Ending {
  readonly ok: boolean;
  readonly text?: string | undefined;
}

export interface Heard {
  readonly narration: Narration;
  /** What was used since the last time. */
  readonly used: (usage: Usage) => Promise<void>;
  readonly ended: (ending: Ending) => void;
}

/** Understands the lines of one program; of a line that is not understood, nothing comes. Has a state of its own: one for each run. */
export interface Format {
  /** A line that is JSON. */
  take?(message: unknown): Promise<void>;
  /** Any other line; without `take`, every line. */
  other?(line: string): Promise<void>;
}

export type MakeFormat = (heard: Heard) => Format;
