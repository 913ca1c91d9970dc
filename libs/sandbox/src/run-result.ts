/** What became of a command. Only `exited` with code 0 is a success. */
export interface RunResult {
  /** `could-not-start`: nothing of the command ran; `output` says why. */
  readonly outcome: 'exited' | 'timed-out' | 'cancelled' | 'could-not-start';
  /** `null` unless it exited. A command that was ended by signal n inside the sandbox has 128 + n. */
  readonly exitCode: number | null;
  /** The signal that ended it, where that is known. */
  readonly signal: NodeJS.Signals | null;
  readonly durationMs: number;
  /** Standard output and error as they came, hostile bytes; when longer than the limit, its head and its tail. */
  readonly output: Buffer;
  /** How much it printed in all. */
  readonly outputBytes: number;
  readonly truncated: boolean;
}
