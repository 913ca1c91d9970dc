import { join } from 'node:path';
import { HyperRunError } from '#contracts';
import type { GitLocation } from './location.js';
import { readRegularFile } from './regular-file.js';
import { runGit } from './run-git.js';

/** What the configuration of a repository says that we have to know. */
export interface RepositoryFormat {
  /** Names of the filter drivers that are configured: their commands are switched off in every call. */
  readonly filters: readonly string[];
}

const KNOWN_EXTENSIONS = new Set(['noop', 'worktreeconfig', 'preciousobjects', 'objectformat', 'refstorage']);

/** By the text of the configuration: a repository is opened for every task, and a process costs more than all else there. */
const known = new Map<string, RepositoryFormat>();
const MAX_KNOWN = 100;

/**
 * Reads the configuration as a file, which works for any format, and refuses what we cannot do right.
 * @throws HyperRunError repository.unsupported-format
 */
export const readFormat = async (location: GitLocation): Promise<RepositoryFormat> => {
  const text = await readRegularFile(join(location.commonDir, 'config'), 'latin1').catch(() => '');
  const format = known.get(text) ?? (await parseFormat(text));
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(text, format);
  return format;
};

const parseFormat = async (text: string): Promise<RepositoryFormat> => {
  const { stdout } = await runGit(['config', '-f', '-', '-z', '--no-includes', '--list'], {
    input: Buffer.from(text, 'latin1'),
  });
  const settings = stdout
    .toString('utf8')
    .split('\0')
    .map((line) => /^([^\n]*)\n?(.*)$/s.exec(line))
    .map((match): readonly [string, string] => [match?.[1] ?? '', match?.[2] ?? '']);
  for (const [key, value] of settings) refuseUnsupported(key, value);
  const filters = settings.map(([key]) => /^filter\.(.+)\.(?:clean|smudge|process|required)$/s.exec(key)?.[1] ?? '');
  return { filters: [...new Set(filters)].filter((name) => name !== '') };
};

const refuseUnsupported = (key: string, value: string) => {
  const extension = /^extensions\.(.+)$/.exec(key)?.[1];
  if (/^remote\..*\.promisor$/.test(key) && value !== 'false') throw unsupported('a partial clone', REFETCH);
  if (extension === undefined) return;
  if (extension === 'partialclone') throw unsupported('a partial clone', REFETCH);
  if (extension === 'objectformat' && value.toLowerCase() !== 'sha1')
    throw unsupported(`object format ${value}`, 'Only sha1 repositories can be worked on.');
  if (extension === 'refstorage' && value.toLowerCase() !== 'files')
    throw unsupported(`ref storage ${value}`, 'Migrate it with git refs migrate --ref-format=files.');
  if (!KNOWN_EXTENSIONS.has(extension)) throw unsupported(`extension ${extension}`, 'Use a clone without it.');
};

const REFETCH = 'Work on a full clone instead (git clone without --filter).';

export const unsupported = (what: string, advice: string) =>
  new HyperRunError(
    'repository.unsupported-format',
    `This repository uses ${what}, which is not supported. ${advice}`,
    {
      feature: what,
    },
  );

/** Turns every configured filter driver into one that does nothing. */
export const withoutFilters = (format: RepositoryFormat): Record<string, string> =>
  Object.fromEntries(
    format.filters.flatMap((name) => [
      [`filter.${name}.clean`, ''],
      [`filter.${name}.smudge`, ''],
      [`filter.${name}.process`, ''],
      [`filter.${name}.required`, 'false'],
    ]),
  );
