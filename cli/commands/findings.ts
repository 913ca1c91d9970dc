import { resolve } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { FindingView, Repository } from '../api.js';
import type { ServiceClient } from '../client.js';
import { texts, type Context } from '../context.js';
import { usageError } from '../exit-codes.js';
import { plural } from '../render/style.js';
import { table } from '../render/table.js';
import { oneLine } from '../text.js';
import { jsonOption, limitOption } from './options.js';
import { take } from './take.js';

interface FindingsOptions {
  readonly repository?: string;
  readonly source?: string;
  readonly dismiss?: string;
  readonly reason?: string;
  readonly limit: number;
  readonly json?: boolean;
}

export const findingsCommand = (context: Context) =>
  new Command('findings')
    .description('what the last scan found, in and out of scope')
    .option('-r, --repository <id or path>', 'may be left out while there is one')
    .option('--source <name>', 'todo, lint, links, markdown, spelling or coverage')
    .option('--dismiss <id>', 'never propose this one again')
    .option('--reason <text>', 'why it is dismissed; recorded')
    .addOption(limitOption(50))
    .addOption(jsonOption())
    .action(async (options: FindingsOptions) => {
      const client = await context.connect(texts(options));
      if (options.dismiss !== undefined) return dismiss(client, options);
      const repository = await repositoryId(client, options.repository);
      const { source, limit } = options;
      const findings = await take(client.items(FindingView, '/findings', { repository, source, limit }), limit);
      if (options.json) return context.json(findings, 2);
      context.lines(table(['FINDING', 'WHERE', 'RULE', 'WHAT'], findings.map(row), context.style));
      context.note(`${plural(findings.length, 'finding')} shown.`);
    });

const row = ({ findingId, path, range, rule, message, fixer }: FindingView) => [
  findingId,
  `${oneLine(path, 60)}:${range.startLine}`,
  oneLine(rule, 40),
  `${oneLine(message, 90)}${fixer === undefined ? '  (needs a model or a person)' : ''}`,
];

const dismiss = async (
  client: ServiceClient,
  { dismiss: id = '', reason, repository }: FindingsOptions,
): Promise<void> => {
  if (reason === undefined) throw usageError('Say why, with --reason: it is recorded.');
  const known = await repositoryId(client, repository);
  const query = known === undefined ? '' : `?repository=${encodeURIComponent(known)}`;
  await client.send(z.unknown(), 'POST', `/findings/${encodeURIComponent(id)}/dismiss${query}`, { reason });
};

/** A repository by its id, or by a path of it on this machine. */
export const repositoryId = async (client: ServiceClient, given?: string): Promise<string | undefined> => {
  if (given === undefined) return undefined;
  const known = await take(client.items(Repository, '/repositories'), 1000);
  const found = known.find(({ repositoryId, path }) => repositoryId === given || path === resolve(given));
  if (found === undefined)
    throw usageError(`No repository "${given}". Known: ${known.map(({ path }) => path).join(', ') || 'none yet'}.`);
  return found.repositoryId;
};
