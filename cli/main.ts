#!/usr/bin/env node
import { CommanderError } from 'commander';
import { isHyperRunError } from '#contracts';
import { processContext } from './context.js';
import { exitCodeOf } from './exit-codes.js';
import { buildProgram } from './program.js';
import { clean } from './text.js';

const context = processContext();

try {
  await buildProgram(context).parseAsync(process.argv);
} catch (error) {
  process.exitCode = exitCodeOf(error);
  if (!(error instanceof CommanderError)) context.note(context.style.red(sentence(error)));
}

function sentence(error: unknown): string {
  if (isHyperRunError(error)) return clean(error.message);
  return error instanceof Error ? clean(error.stack ?? error.message) : 'Something that is not an error was thrown.';
}
