// What an agent that is a program of its own is given: a sandbox, and a way to its model.
import type { Readable, Writable } from 'node:stream';

export interface AgentProgram {
  /** The program and its arguments. No shell. */
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Files and folders of the host that it needs in order to run, shown read-only. */
  readonly readOnly?: readonly { readonly host: string; readonly inside: string }[];
  /** Files put into its home folder before it starts: path → content. */
  readonly home?: Readonly<Record<string, string>>;
  /** A folder of the host that its home begins as a copy of. */
  readonly homeTemplate?: string;
  readonly signal?: AbortSignal;
}

export interface AgentProcess {
  readonly stdin: Writable;
  /** Hostile bytes. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /**
   * Resolves when it and all that it started have ended; `exitCode` null: a signal ended it; `limit`: the limit of the sandbox
   * that it was ended for, as a sentence.
   */
  readonly ended: Promise<{ readonly exitCode: number | null; readonly durationMs: number; readonly limit?: string }>;
  kill(): Promise<void>;
}

/** A sandbox in which the tree of the task lies at `/repository`. What is written there becomes the candidate. */
export interface AgentWorkspace {
  start(program: AgentProgram): Promise<AgentProcess>;
}

/** An address on the loopback of the sandbox behind which the service calls the one host that was granted. */
export interface ModelAccess {
  /** `http://127.0.0.1:<port>` and the path of the provider's base URL, no trailing slash. */
  readonly baseUrl: string;
  /** Opens nothing; the real key is added outside. */
  readonly dummyKey: string;
  readonly model: string;
  /** The same way for an agent inside the service, whatever host an address names. Absent in a sandbox. */
  readonly fetch?: typeof fetch;
}
