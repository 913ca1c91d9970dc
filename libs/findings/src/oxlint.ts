import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { HyperRunError } from '#contracts';

const Manifest = z.object({ version: z.string() });
const Output = z.object({
  diagnostics: z.array(
    z.object({
      message: z.string(),
      code: z.string().optional(),
      help: z.string().optional(),
      filename: z.string(),
      labels: z.array(z.object({ span: z.object({ offset: z.number().int(), length: z.number().int() }) })).optional(),
    }),
  ),
});
/** Offsets are in bytes. */
export type Diagnostic = z.infer<typeof Output>['diagnostics'][number];

const folder = dirname(createRequire(import.meta.url).resolve('oxlint/package.json'));
const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
export const OXLINT_VERSION = Manifest.parse(manifest).version;

/** What oxlint is told: our rules alone, no configuration, plugin or ignore file of the repository. */
export const configuration = (rules: readonly string[]) => ({
  plugins: ['typescript', 'unicorn', 'oxc'],
  categories: { correctness: 'off' },
  rules: Object.fromEntries(rules.map((rule) => [rule, 'error'])),
});

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT = 64 * 1024 * 1024;

const run = (cwd: string, args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [join(folder, 'bin', 'oxlint'), ...args],
      {
        cwd,
        timeout: TIMEOUT_MS,
        maxBuffer: MAX_OUTPUT,
        killSignal: 'SIGKILL',
        env: { PATH: process.env['PATH'] ?? '' },
      },
      (error, stdout) => {
        if (error === null || error.code === 1) resolve(stdout);
        else
          reject(
            new HyperRunError(
              'findings.lint-failed',
              `oxlint was expected to end with 0 or 1, found ${error.code ?? error.signal ?? 'no answer'}.`,
              {},
              'operator',
              { cause: error },
            ),
          );
      },
    );
  });

/** What may be done with the files. */
export interface Oxlint {
  readonly lint: () => Promise<Diagnostic[]>;
  /** One run of all safe fixes. */
  readonly fix: () => Promise<void>;
  readonly read: (name: string) => Promise<Buffer>;
}

/** A folder of files that oxlint may look at and change; removed at the end. Names must be flat. */
export const withOxlint = async <T>(
  files: ReadonlyMap<string, Buffer>,
  rules: readonly string[],
  work: (oxlint: Oxlint) => Promise<T>,
): Promise<T> => {
  const root = await mkdtemp(join(tmpdir(), 'hyper-run-lint-'));
  try {
    const sources = join(root, 'files');
    await mkdir(sources);
    await writeFile(join(root, 'config.json'), JSON.stringify(configuration(rules)));
    for (const [name, content] of files) await writeFile(join(sources, name), content);
    const args = ['-c', '../config.json', '--disable-nested-config', '--no-ignore', '--no-error-on-unmatched-pattern'];
    return await work({
      lint: async () => Output.parse(JSON.parse(await run(sources, [...args, '-f', 'json', '.']))).diagnostics,
      fix: async () => void (await run(sources, [...args, '--fix', '--silent', '.'])),
      read: (name) => readFile(join(sources, name)),
    });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};
