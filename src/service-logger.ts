import { ConsoleLogger } from '@nestjs/common';

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

/** Tells what the service has to say; of the framework, only warnings and errors. */
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
}
