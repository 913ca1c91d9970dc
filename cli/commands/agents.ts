import { Command } from 'commander';
import { AgentView } from '../api.js';
import { texts, type Context } from '../context.js';
import type { Style } from '../render/style.js';
import { table } from '../render/table.js';
import { oneLine } from '../text.js';
import { jsonOption } from './options.js';
import { take } from './take.js';

const ALL = 1000;

export const agentsCommand = (context: Context) =>
  new Command('agents')
    .description('the crew, and what each is doing')
    .addOption(jsonOption())
    .action(async (options: { json?: boolean }) => {
      const client = await context.connect(texts(options));
      const agents = await take(client.items(AgentView, '/agents'), ALL);
      if (options.json) return context.json(agents, 2);
      context.lines(
        table(
          ['AGENT', 'STATUS', 'ROLE', 'TASK'],
          agents.map((agent) => row(agent, context.style)),
          context.style,
        ),
      );
    });

const row = ({ id, status, role, currentTaskSummary }: AgentView, style: Style) => [
  id,
  (status === 'working' ? style.green : ['error', 'stalled', 'blocked'].includes(status) ? style.red : style.dim)(
    status,
  ),
  oneLine(role, 60),
  oneLine(currentTaskSummary ?? '', 60),
];
