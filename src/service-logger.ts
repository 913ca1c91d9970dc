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

/** Tells what the service has to say; of the framework, only warnings and errors. */
export class ServiceLogger extends ConsoleLogger {
  constructor() {
    super({ logLevels: ['log', 'warn', 'error', 'fatal'], prefix: 'HyperRun', colors: process.stdout.isTTY === true });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context === 'string' && FRAMEWORK.includes(context)) return;
    super.log(message, ...rest);
  }
}
