import { Command } from 'commander';
import { SprintSummary } from '../api.js';
import { texts, type Context } from '../context.js';
import { outcomeOf } from '../render/sprint.js';
import { table } from '../render/table.js';
import { oneLine } from '../text.js';
import { jsonOption, limitOption } from './options.js';
import { take } from './take.js';

export const sprintsCommand = (context: Context) =>
  new Command('sprints')
    .description('plans and sprints, the newest first')
    .addOption(limitOption(20))
    .addOption(jsonOption())
    .action(async (options: { limit: number; json?: boolean }) => {
      const client = await context.connect(texts(options));
      const sprints = await take(
        client.items(SprintSummary, '/hyper-running/sprints', { limit: options.limit }),
        options.limit,
      );
      if (options.json) return context.json(sprints, 2);
      if (sprints.length === 0) return context.note('No sprint yet. Begin with: hyper-run run');
      context.lines(table(['SPRINT', 'STATUS', 'REPOSITORY', 'BEGUN', 'TASKS'], sprints.map(row), context.style));
    });

const row = ({ sprintId, status, repository, createdAt, tasks = [] }: SprintSummary) => {
  const outcomes = tasks.map(outcomeOf);
  const told = [...new Set(outcomes)]
    .map((outcome) => `${outcomes.filter((one) => one === outcome).length} ${outcome}`)
    .join(', ');
  return [sprintId, status, oneLine(repository.name, 30), createdAt.slice(0, 16).replace('T', ' '), told];
};
