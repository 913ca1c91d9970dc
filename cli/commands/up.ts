import { Command } from 'commander';
import { dataDirectory } from '#system-tools';
import { newLink } from '../browser.js';
import { ServiceClient } from '../client.js';
import type { Context } from '../context.js';
import { workFailed } from '../exit-codes.js';
import { readHealth } from '../health.js';
import { startService, type ServiceProcess } from '../service-process.js';

export const upCommand = (context: Context) =>
  new Command('up')
    .description('start the service with its Redis, let your browser in, and keep it until Ctrl-C')
    .option('--no-open', 'open no browser')
    .action(async (options: { readonly open: boolean }) => {
      const service = await startService({ env: context.env, output: 'inherit', signal: context.signal });
      try {
        await welcome(context, service, options.open);
        await new Promise<void>((resolve) => {
          service.child.once('exit', () => resolve());
          context.signal.addEventListener('abort', () => resolve(), { once: true });
        });
      } finally {
        await service.stop();
      }
      const { exitCode, signalCode } = service.child;
      if (!context.signal.aborted && exitCode !== 0)
        throw workFailed(`The service ended by itself (${signalCode ?? `exit ${exitCode}`}).`);
    });

const welcome = async (context: Context, { address }: ServiceProcess, mayOpen: boolean): Promise<void> => {
  const client = new ServiceClient(address);
  const health = await readHealth(client);
  const link = await newLink(client);
  const isShown = mayOpen && context.showPage(link);
  const { style } = context;
  // Whoever came by `npm start` has no command of that name.
  const command = context.env['npm_lifecycle_event'] === undefined ? 'hyper-run' : 'npx hyper-run';
  context.lines([
    `${style.green('●')} ${style.bold('HyperRun')} at ${style.underline(address.url)}`,
    `  browser     ${style.underline(link)}`,
    style.dim(
      `              ${isShown ? 'opened; the link' : 'it'} works once, within 2 minutes; another: ${command} open`,
    ),
    `  data        ${dataDirectory(context.env)}`,
    `  isolation   ${health.isolation ?? 'not told'}`,
    `  durability  ${health.durability ?? 'not told'}${health.lossWindow === undefined ? '' : `; a loss of power may take: ${health.lossWindow}`}`,
    style.dim(`  Ctrl-C ends it. In another terminal: ${command} run`),
  ]);
};
