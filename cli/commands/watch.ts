import { Command } from 'commander';
import { texts, type Context } from '../context.js';
import { showOutcome, tell } from '../executing.js';
import { readSprint } from '../following.js';
import { renderEvent } from '../render/event.js';
import { follow } from '../sse.js';
import { jsonOption } from './options.js';

interface WatchOptions {
  readonly agent?: string;
  readonly type?: string;
  readonly after?: string;
  readonly json?: boolean;
}

const DAY_MS = 86_400_000;

export const watchCommand = (context: Context) =>
  new Command('watch')
    .description('all that happens, as it happens; with a sprint, until it is completed')
    .argument('[sprint]')
    .option('--agent <id>')
    .option('--type <name>', 'one type of event, for example hyperrun.task.passed')
    .option('--after <cursor>', 'go on from here')
    .addOption(jsonOption())
    .action(async (sprintId: string | undefined, options: WatchOptions) => {
      const client = await context.connect(texts(options));
      if (sprintId !== undefined) {
        const sprint = await readSprint(client, sprintId);
        if (sprint.completedAt == null && !(await tell(context, client, sprintId, options))) return;
        return showOutcome(context, client, await readSprint(client, sprintId), options.json);
      }
      const { agent, type, after } = options;
      for await (const item of follow(client, {
        query: { agent, type },
        after,
        signal: context.signal,
        patienceMs: DAY_MS,
      })) {
        if (item.kind === 'lost')
          context.note(context.style.yellow('The connection was lost. Trying again; nothing will be missed.'));
        if (item.kind === 'control' && item.name === 'reset')
          context.note('The log was restored from an older one: events may have been missed.');
        if (item.kind !== 'event') continue;
        if (options.json) context.json(JSON.parse(item.json));
        else context.line(renderEvent(item.event, context.style));
      }
    });
