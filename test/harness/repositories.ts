import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { GitRepository, type Fingerprint } from '#git';

const run = promisify(execFile);

export type Files = Readonly<Record<string, string>>;

const GIT_ENV = {
  PATH: process.env['PATH'],
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_AUTHOR_DATE: '2024-05-01T12:00:00Z',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  GIT_COMMITTER_DATE: '2024-05-01T12:00:00Z',
};

/** The user's own git, in a folder; what it printed. */
export const git = async (folder: string, ...args: readonly string[]): Promise<string> =>
  (await run('git', ['-C', folder, ...args], { env: GIT_ENV })).stdout.trim();

export const writeFiles = async (folder: string, files: Files): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
};

export const commitAll = async (folder: string, message: string): Promise<string> => {
  await git(folder, 'add', '--all');
  await git(folder, 'commit', '--quiet', '--message', message);
  return git(folder, 'rev-parse', 'HEAD');
};

export const makeRepository = async (parent: string, name: string, files: Files): Promise<string> => {
  const folder = join(parent, name);
  await mkdir(folder, { recursive: true });
  await git(folder, 'init', '--quiet', '--initial-branch=main');
  await writeFiles(folder, files);
  await commitAll(folder, 'Begin');
  return folder;
};

/** All of it that the service promises not to touch. */
export const fingerprintOf = async (folder: string): Promise<Fingerprint> => {
  const repository = await GitRepository.open(folder);
  try {
    return await repository.fingerprint();
  } finally {
    repository.close();
  }
};

/** Branches below hyper-run/ with their commits, as `<commit> <branch>`. */
export const ourBranches = async (folder: string): Promise<string[]> =>
  (await git(folder, 'for-each-ref', '--format=%(objectname) %(refname:short)', 'refs/heads/hyper-run/'))
    .split('\n')
    .filter(Boolean);

/** One fault for each of three agents: a broken link, a misspelling, Markdown that is not tidy. */
export const FAULTS: Files = {
  'docs/index.md': '# Atlas\n\nBegin with the [first steps](first-steps.md).\n',
  'docs/guide/first-steps.md': '# First steps\n\nOpen the atlas.\n',
  'docs/words.md': '# Words\n\nYou will recieve a map.\n',
  'docs/style.md': '# Style\n\nOne line.   \n\n\n\nAnother line.\n',
};

const TESTS = `import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import assert from 'node:assert';
const read = (name) => readFileSync(new URL('../docs/' + name, import.meta.url), 'utf8');
test('every page has a title', () => {
  for (const name of ['index.md', 'words.md', 'style.md']) assert.match(read(name), /^# /);
});
`;

/** Verified by its own tests, which need nothing but Node. */
export const ATLAS: Files = {
  ...FAULTS,
  'package.json': '{ "name": "atlas", "private": true, "scripts": { "test": "node --test tests/" } }\n',
  'tests/pages.test.mjs': TESTS,
};

/** The same, with a test that pins the misspelling: who repairs it fails. */
export const PINNED: Files = {
  ...ATLAS,
  'tests/pages.test.mjs': `${TESTS}test('the words stay', () => assert.match(read('words.md'), /rec[i]eve/));\n`,
};

/** The same, with a test that fails as it is. */
export const RED: Files = {
  ...ATLAS,
  'tests/pages.test.mjs': `${TESTS}test('is red', () => assert.fail('red from the start'));\n`,
};

/** Verified by one quick command: for what is about something else. */
export const QUICK: Files = { ...FAULTS, '.hyper-run.json': '{ "verify": ["grep -q Atlas docs/index.md"] }\n' };

/** Verified slowly enough to be met while it runs. */
export const SLOW: Files = {
  ...FAULTS,
  '.hyper-run.json': '{ "verify": ["sleep 0.7 && grep -q Atlas docs/index.md"] }\n',
};
