import { Command } from 'commander';
import { z } from 'zod';
import type { Context } from '../context.js';

const ACTIONS = {
  pause: 'start nothing new until it is resumed',
  resume: 'go on; a base that fails is accepted as it is',
  cancel: 'end a sprint, or call its integration off; what has passed stays',
} as const;

export const controlCommands = (context: Context): Command[] =>
  Object.entries(ACTIONS).map(([action, description]) =>
    new Command(action)
      .description(description)
      .argument('<sprint>')
      .option('--reason <text>', 'recorded', 'decided on the command line')
      .action(async (sprintId: string, { reason }: { reason: string }) => {
        const client = await context.connect();
        const body = action === 'resume' ? {} : { reason };
        await client.send(
          z.unknown(),
          'POST',
          `/hyper-running/sprints/${encodeURIComponent(sprintId)}/${action}`,
          body,
        );
      }),
  );
