// The command line without a process: what it says is kept, and nobody can be asked.
import type { Address } from './address.js';
import { ServiceClient } from './client.js';
import type { Context } from './context.js';
import { exitCodeOf, unreachable, type ExitCode } from './exit-codes.js';
import { buildProgram } from './program.js';
import { plain } from './render/style.js';
import { toJson } from './text.js';

export interface Ended {
  readonly code: ExitCode;
  readonly message?: string;
  readonly lines: readonly string[];
  readonly notes: readonly string[];
}

/** Runs one command against the service at `address`, or where none answers. */
export const hyperRun = async (
  words: readonly string[],
  address?: Address,
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> => {
  const lines: string[] = [];
  const notes: string[] = [];
  const context: Context = {
    env,
    cwd: '/',
    style: plain,
    interactive: false,
    signal: new AbortController().signal,
    line: (text = '') => void lines.push(text),
    lines: (all) => void lines.push(...all),
    note: (text) => void notes.push(text),
    json: (value) => void lines.push(toJson(value)),
    raw: (text) => void lines.push(text),
    showPage: () => false,
    connect: (texts) =>
      address === undefined
        ? Promise.reject(unreachable('nobody there'))
        : Promise.resolve(new ServiceClient(address, texts)),
  };
  const program = buildProgram(context);
  const output = { writeOut: (text: string) => void lines.push(text), writeErr: () => undefined };
  for (const command of [program, ...program.commands]) command.configureOutput(output);
  try {
    await program.parseAsync(['node', 'hyper-run', ...words]);
    return { code: 0, lines, notes };
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    return { code: exitCodeOf(error), message, lines, notes };
  }
};
