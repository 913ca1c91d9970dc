import { Command } from 'commander';
import { dataDirectory } from '#system-tools';
import { ServiceClient } from '../client.js';
import type { Context } from '../context.js';
import { workFailed } from '../exit-codes.js';
import { readHealth } from '../health.js';
import { startService } from '../service-process.js';

export const upCommand = (context: Context) =>
  new Command('up').description('start the service with its Redis, and keep it until Ctrl-C').action(async () => {
    const service = await startService({ env: context.env, output: 'inherit', signal: context.signal });
    const health = await readHealth(new ServiceClient(service.address));
    const { style } = context;
    context.lines([
      `${style.green('●')} ${style.bold('HyperRun')} at ${style.underline(service.address.url)}`,
      `  data        ${dataDirectory(context.env)}`,
      `  isolation   ${health.isolation ?? 'not told'}`,
      `  durability  ${health.durability ?? 'not told'}`,
      style.dim('  Ctrl-C ends it. In another terminal: hyper-run run'),
    ]);
    await new Promise<void>((resolve) => {
      service.child.once('exit', () => resolve());
      context.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await service.stop();
    const { exitCode, signalCode } = service.child;
    if (!context.signal.aborted && exitCode !== 0)
      throw workFailed(`The service ended by itself (${signalCode ?? `exit ${exitCode}`}).`);
  });
