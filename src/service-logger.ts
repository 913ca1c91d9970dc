import { inspect } from 'node:util';
import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { withoutSecrets } from './config/secrets.js';

/** What the framework tells at every start, and nobody reads. */
const FRAMEWORK = [
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestFactory',
  'NestApplication',
  'NestMicroservice',
  'Server',
];

/** `isTTY` is absent in a pipe, which Nest would take for a wish for colours. */
const isTerminal = ({ isTTY }: { readonly isTTY?: boolean }): boolean => isTTY === true;

/** Tells what the service has to say, without its secrets; of the framework, only warnings and errors. */
export class ServiceLogger extends ConsoleLogger {
  constructor() {
    const colors = isTerminal(process.stdout);
    super({ logLevels: ['log', 'warn', 'error', 'fatal'], prefix: 'HyperRun', colors });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context === 'string' && FRAMEWORK.includes(context)) return;
    super.log(message, ...rest);
  }

  protected override stringifyMessage(message: unknown, level: LogLevel): string {
    // Nest hands through what is no text, too.
    const text: unknown = super.stringifyMessage(message, level);
    return withoutSecrets(typeof text === 'string' ? text : inspect(text));
  }

  /** Nest calls this for errors without a stack too. */
  protected override printStackTrace(stack?: string): void {
    if (stack !== undefined) super.printStackTrace(withoutSecrets(stack));
  }
}
