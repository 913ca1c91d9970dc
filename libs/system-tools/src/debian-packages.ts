import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { lastLine } from './failure.js';

const run = promisify(execFile);
const MINUTES = 60_000;

/**
 * The package and those of its dependencies that this system lacks, as .deb files under `directory`.
 * The sources, proxies and keys of the system are used; its package lists, cache and locks are not touched.
 */
export const downloadPackage = async (pkg: string, directory: string): Promise<string[]> => {
  const lists = join(directory, 'lists');
  const archives = join(directory, 'archives');
  for (const part of [lists, archives]) await mkdir(join(part, 'partial'), { recursive: true });
  const options = [
    `Dir::State::Lists=${lists}`,
    `Dir::State::extended_states=${join(directory, 'extended_states')}`,
    `Dir::Cache=${directory}`,
    `Dir::Cache::archives=${archives}`,
    'Dir::Cache::pkgcache=',
    'Dir::Cache::srcpkgcache=',
    'Debug::NoLocking=1',
    'APT::Sandbox::User=',
    'Acquire::Retries=2',
    'Acquire::http::Timeout=20',
    'Acquire::https::Timeout=20',
    'Acquire::Languages=none',
  ].flatMap((option) => ['-o', option]);
  // A source of somebody else's that cannot be reached makes `update` fail although ours was read: the next step tells.
  const update = await apt([...options, '-q', 'update']).then(() => '', lastLine); // prettier-ignore
  const get = ['-q', '-y', '--download-only', '--no-install-recommends', '--reinstall', 'install', pkg];
  try {
    await apt([...options, ...get]);
  } catch (error) {
    throw new Error(`apt-get could not download ${pkg}: ${lastLine(error)}${update && ` (update: ${update})`}`, {
      cause: error,
    });
  }
  const files = (await readdir(archives)).filter((file) => file.endsWith('.deb'));
  if (files.length === 0) throw new Error(`apt-get downloaded nothing for ${pkg}`);
  return files.map((file) => join(archives, file));
};

export const unpack = async (packages: readonly string[], root: string): Promise<void> => {
  await mkdir(root, { recursive: true });
  for (const file of packages) await run('dpkg', ['-x', file, root], { timeout: MINUTES });
};

const apt = (args: readonly string[]) =>
  run('apt-get', [...args], {
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 5 * MINUTES,
    maxBuffer: 16 << 20,
  });
