import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { EventView } from '../api.js';
import { texts, type Context } from '../context.js';
import { usageError } from '../exit-codes.js';
import { renderEvent } from '../render/event.js';
import { plural } from '../render/style.js';
import { jsonOption, positive } from './options.js';

interface ReplayOptions {
  readonly speed?: number;
  readonly step?: boolean;
  readonly json?: boolean;
}

const LONGEST_PAUSE_MS = 5000;
const PAGE = 500;

export const replayCommand = (context: Context) =>
  new Command('replay')
    .description('a sprint again, event by event, from the log')
    .argument('<sprint>')
    .addOption(new Option('--speed <factor>', 'as fast as it was, times this; without it, at once').argParser(positive))
    .addOption(new Option('--step', 'one event for each Enter').conflicts('speed'))
    .addOption(jsonOption())
    .action(async (sprintId: string, options: ReplayOptions) => {
      if (options.step && !context.interactive) throw usageError('--step needs a terminal.');
      const client = await context.connect(texts(options));
      const path = `/hyper-running/sprints/${encodeURIComponent(sprintId)}/events`;
      let before: EventView | undefined;
      let count = 0;
      for await (const event of client.items(EventView, path, { limit: PAGE })) {
        if (context.signal.aborted) return;
        await pace(context, options, before, event);
        if (options.json) context.json(event);
        else context.line(renderEvent(event, context.style));
        before = event;
        count += 1;
      }
      if (!options.json)
        context.note(`${plural(count, 'event')}. Prove that none was changed: hyper-run verify ${sprintId}`);
    });

const pace = async (
  context: Context,
  { speed, step }: ReplayOptions,
  before: EventView | undefined,
  event: EventView,
) => {
  if (before === undefined) return;
  if (step) return enter();
  if (speed === undefined) return;
  const gap = (Date.parse(event.time) - Date.parse(before.time)) / speed;
  await wait(Math.min(Math.max(gap, 0), LONGEST_PAUSE_MS), undefined, { signal: context.signal }).catch(
    () => undefined,
  );
};

const enter = async (): Promise<void> => {
  const lines = createInterface({ input: process.stdin, terminal: false });
  await once(lines, 'line');
  lines.close();
};
