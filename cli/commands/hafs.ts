import { Command } from 'commander';
import { SearchHit } from '../api.js';
import { texts, type Context } from '../context.js';
import type { Style } from '../render/style.js';
import { oneLine } from '../text.js';
import { repositoryId } from './findings.js';
import { jsonOption, limitOption } from './options.js';
import { take } from './take.js';

const SNIPPET_LINES = 4;

export const hafsCommand = (context: Context) =>
  new Command('hafs')
    .description('search the repository as the agents do')
    .argument('<query...>')
    .option('-r, --repository <id or path>', 'may be left out while there is one')
    .addOption(limitOption(10))
    .addOption(jsonOption())
    .action(async (words: string[], options: { repository?: string; limit: number; json?: boolean }) => {
      const client = await context.connect(texts(options));
      const query = {
        q: words.join(' '),
        limit: options.limit,
        repository: await repositoryId(client, options.repository),
      };
      const hits = await take(client.items(SearchHit, '/hafs/search', query), options.limit);
      if (options.json) return context.json(hits, 2);
      if (hits.length === 0) context.note('Nothing found.');
      context.lines(hits.flatMap((hit) => render(hit, context.style)));
    });

const render = ({ path, range, symbol, snippet = '' }: SearchHit, style: Style): string[] => [
  `${style.underline(`${oneLine(path)}${range === undefined ? '' : `:${range.startLine}`}`)}${symbol === undefined ? '' : `  ${style.cyan(oneLine(symbol, 80))}`}`,
  ...snippet
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, SNIPPET_LINES)
    .map((line) => style.dim(`  │ ${oneLine(line, 110)}`)),
];
