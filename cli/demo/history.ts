// The git history of an example, with fixed names and dates: the same commits on every machine.
import { mkdir, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { runGit } from '#git';

const Commit = z.object({
  author: z.string(),
  date: z.iso.datetime(),
  message: z.string(),
  /** Files as they lie in the example's folder. */
  add: z.array(z.string()).default([]),
  /** Path in this commit → file of the folder that it is later moved to. */
  as: z.record(z.string(), z.string()).default({}),
  /** Path → how many of its lines were there at that time. */
  firstLines: z.record(z.string(), z.number()).default({}),
  remove: z.array(z.string()).default([]),
});
type Commit = z.infer<typeof Commit>;

const History = z.object({
  authors: z.record(z.string(), z.object({ name: z.string(), email: z.string() })),
  commits: z.array(Commit),
});

/** Beside the compiled program as beside the source, the examples lie two or three folders up. */
export const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url));

/** Builds `examples/<name>` as a repository in `directory`, checked out at its last commit. */
export const buildExample = async (name: string, directory: string, examples = EXAMPLES): Promise<void> => {
  const history = History.parse(JSON.parse(await readFile(join(examples, `${name}.history.json`), 'utf8')));
  const chunks: Buffer[] = [];
  for (const commit of history.commits) {
    const author = history.authors[commit.author] ?? { name: commit.author, email: `${commit.author}@example.com` };
    const who = `${author.name} <${author.email}> ${Date.parse(commit.date) / 1000} +0000`;
    chunks.push(
      Buffer.from(`commit refs/heads/main\nauthor ${who}\ncommitter ${who}\n`),
      data(Buffer.from(`${commit.message}\n`)),
      ...commit.remove.map((path) => Buffer.from(`D ${path}\n`)),
      ...(await files(commit, join(examples, name))),
      Buffer.from('\n'),
    );
  }
  await mkdir(directory, { recursive: true });
  await runGit(['init', '--quiet', '--initial-branch=main', directory]);
  const gitDir = join(directory, '.git');
  await runGit(['fast-import', '--quiet', '--done'], {
    gitDir,
    input: Buffer.concat([...chunks, Buffer.from('done\n')]),
  });
  await checkOut(gitDir, directory);
  await dateFiles(history.commits, gitDir, directory);
};

/** A throw-away clone: its own refs and work tree; nothing in it points back to the original. */
export const cloneAway = async (source: string, directory: string): Promise<void> => {
  const config = { 'protocol.file.allow': 'always', 'safe.directory': source };
  await runGit(['clone', '--quiet', '--no-checkout', source, directory], { config, timeoutMs: 600_000 });
  const gitDir = join(directory, '.git');
  await runGit(['remote', 'remove', 'origin'], { gitDir });
  await checkOut(gitDir, directory);
};

const checkOut = (gitDir: string, workTree: string) =>
  runGit(['reset', '--quiet', '--hard', 'HEAD'], { gitDir, workTree, timeoutMs: 600_000 });

/** As on the machine of somebody who was there: a file is as old as its last commit. */
const dateFiles = async (commits: readonly Commit[], gitDir: string, workTree: string): Promise<void> => {
  for (const { add, date } of commits)
    for (const path of add) await utimes(join(workTree, path), new Date(date), new Date(date));
  await runGit(['update-index', '-q', '--refresh'], { gitDir, workTree });
};

const files = async (commit: Commit, folder: string): Promise<Buffer[]> => {
  const whole = [...commit.add.map((path) => [path, path] as const), ...Object.entries(commit.as)];
  const complete = whole.map(async ([path, source]) => file(path, await readFile(join(folder, source))));
  const begun = Object.entries(commit.firstLines).map(async ([path, count]) => {
    const lines = (await readFile(join(folder, path), 'utf8')).split('\n').slice(0, count);
    return file(path, Buffer.from(`${lines.join('\n')}\n`));
  });
  return (await Promise.all([...complete, ...begun])).flat();
};

const file = (path: string, content: Buffer): Buffer[] => [
  Buffer.from(`M ${path.startsWith('bin/') ? '100755' : '100644'} inline ${path}\n`),
  data(content),
];

const data = (content: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`data ${content.length}\n`), content, Buffer.from('\n')]);
