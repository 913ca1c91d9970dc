import { lstat, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Command } from 'commander';
import { isHyperRunError } from '#contracts';
import { removeTree } from '#sandbox';
import { cacheDirectory, dataDirectory, deadSockets, halfWritten } from '#system-tools';
import type { Context } from '../context.js';
import { isReady } from '../service-process.js';
import { findAddress } from '../address.js';
import { bytes, plural } from '../render/style.js';
import { table } from '../render/table.js';
import { jsonOption } from './options.js';

interface CleanOptions {
  readonly dryRun?: boolean;
  readonly caches?: boolean;
  readonly json?: boolean;
}

interface Removable {
  readonly path: string;
  readonly why: string;
  readonly size: number;
}

/** Longer than anything that uses one of them may take. */
const DAY_MS = 86_400_000;
/** Scratch folders of one command each. Sockets and demos that were kept have other names. */
const SCRATCH = /^hyper-run-(diff|lint|home|pipe|probe|self-test)-/;

export const cleanCommand = (context: Context) =>
  new Command('clean')
    .description('disk use, and what nobody needs any more: left-overs of killed processes, with --caches also caches')
    .option('--dry-run', 'only show')
    .option('--caches', 'remove caches too; they are made anew when needed')
    .addOption(jsonOption())
    .action(async (options: CleanOptions) => {
      const data = dataDirectory(context.env);
      const use = await diskUse(data, cacheDirectory(context.env));
      const removable = [
        ...(await orphans(context, data)),
        ...(options.caches ? await caches(cacheDirectory(context.env)) : []),
      ];
      if (!options.dryRun) for (const { path } of removable) await removeTree(path);
      if (options.json) return context.json({ use, removed: options.dryRun ? [] : removable, removable }, 2);
      context.lines(
        table(
          ['SIZE', 'WHAT', 'WHERE'],
          use.map(({ size, what, path }) => [bytes(size), what, path]),
          context.style,
        ),
      );
      const total = removable.reduce((sum, { size }) => sum + size, 0);
      context.lines([
        '',
        ...table(
          ['SIZE', 'LEFT OVER', 'WHY'],
          removable.map(({ size, path, why }) => [bytes(size), path, why]),
          context.style,
        ),
      ]);
      context.note(
        `${plural(removable.length, 'left-over')}, ${bytes(total)}${options.dryRun ? ' could be removed' : ' removed'}.`,
      );
    });

const diskUse = async (...folders: readonly string[]) => {
  const entries = (await Promise.all(folders.map((folder) => listed(folder)))).flat();
  return Promise.all(entries.map(async (path) => ({ path, what: whatIs(path), size: await sizeOf(path) })));
};

/** What the service keeps where. */
const KINDS: Readonly<Record<string, string>> = {
  archive: 'archived sprints',
  artifacts: 'outputs, patches, packs',
  appendonlydir: 'the log',
  redis: 'the log',
  'dump.rdb': 'the log',
  work: 'tasks at work',
};

const whatIs = (path: string): string => KINDS[basename(path)] ?? '';

const caches = async (folder: string): Promise<Removable[]> =>
  Promise.all((await listed(folder)).map(async (path) => ({ path, why: 'cache', size: await sizeOf(path) })));

/** What is left of processes that are gone: at once while no service runs; our scratch folders that nobody touched for a day. */
const orphans = async (context: Context, data: string): Promise<Removable[]> => {
  const abandoned = !(await isServiceRunning(context));
  const work = abandoned ? await listed(join(data, 'work')) : [];
  const temporary = await asyncFilter(await listed(tmpdir(), SCRATCH), isOld);
  const told = (paths: readonly string[], why: string) =>
    paths.map(async (path) => ({ path, why, size: await sizeOf(path) }));
  const half = await halfWritten({ data, cache: cacheDirectory(context.env) }, { abandoned });
  return Promise.all([
    ...told(half, 'half written by a process that is gone'),
    ...told(work, 'work of a process that is gone'),
    ...told(await deadSockets(data), 'socket of a process that is gone'),
    ...told(temporary, 'untouched for a day'),
  ]);
};

const isServiceRunning = async ({ env }: Context): Promise<boolean> => {
  try {
    return await isReady(await findAddress(env));
  } catch (error) {
    if (isHyperRunError(error, 'service.unreachable')) return false;
    throw error;
  }
};

const isOld = async (path: string): Promise<boolean> => {
  const entry = await lstat(path).catch(() => undefined); // whose it was has removed it meanwhile
  return entry !== undefined && entry.uid === process.getuid?.() && Date.now() - entry.mtimeMs > DAY_MS;
};

const asyncFilter = async (paths: readonly string[], test: (path: string) => Promise<boolean>): Promise<string[]> => {
  const kept = await Promise.all(paths.map(test));
  return paths.filter((_, index) => kept[index]);
};

const listed = async (folder: string, names = /./): Promise<string[]> => {
  const entries = await readdir(folder).catch(() => []);
  return entries.filter((name) => names.test(name)).map((name) => join(folder, name));
};

/** Of a file or folder and all below it, symbolic links not followed; what vanishes meanwhile counts nothing. */
const sizeOf = async (path: string): Promise<number> => {
  const entry = await lstat(path).catch(() => undefined);
  if (entry === undefined) return 0;
  if (!entry.isDirectory()) return entry.size;
  let sum = 0;
  for (const inner of await listed(path)) sum += await sizeOf(inner);
  return sum;
};
