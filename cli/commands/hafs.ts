import { Command } from 'commander';
import { SearchHit } from '../api.js';
import { texts, type Context } from '../context.js';
import { oneLine } from '../text.js';
import { repositoryId } from './findings.js';
import { jsonOption, limitOption } from './options.js';
import { take } from './take.js';

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
      context.lines(
        hits.flatMap(({ path, startLine, excerpt }) => [
          context.style.underline(`${oneLine(path)}${startLine === undefined ? '' : `:${startLine}`}`),
          ...(excerpt === undefined ? [] : [context.style.dim(`  ${oneLine(excerpt, 120)}`)]),
        ]),
      );
    });
