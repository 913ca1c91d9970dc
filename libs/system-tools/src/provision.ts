import { createHash, randomBytes } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { downloadPackage, unpack } from './debian-packages.js';
import { messageOf } from './failure.js';
import { locked } from './file-lock.js';
import { privateDirectory } from './private-directory.js';
import { type Log, type Tool, type ToolName, versionOf } from './tool.js';

interface Source {
  readonly pkg: string;
  /** Below /usr. */
  readonly file: string;
  /** The name that it needs, in /usr/bin: a Redis server is known by its argv[0]. */
  readonly link?: string;
  /** Folders of libraries, below those of the system, that its libraries look for at their place in the system. */
  readonly libraries?: readonly string[];
}

/** The packages that hold a program, the first one that can be had. */
const SOURCES: Record<ToolName, readonly Source[]> = {
  'redis-server': [
    { pkg: 'redis-tools', file: 'bin/redis-check-rdb', link: 'redis-server' },
    { pkg: 'valkey-tools', file: 'bin/valkey-check-rdb', link: 'valkey-server' },
  ],
  bwrap: [{ pkg: 'bubblewrap', file: 'bin/bwrap' }],
  chromium: [
    { pkg: 'chromium-headless-shell', file: 'lib/chromium/chromium-headless-shell', libraries: ['pulseaudio'] },
    { pkg: 'chromium', file: 'lib/chromium/chromium', libraries: ['pulseaudio'] },
  ],
};

/**
 * Downloads and unpacks the distribution's package into `cacheDir`, without root and without touching the system.
 * Two processes at once: one works, the other waits; whoever is killed in the middle leaves nothing that is used.
 */
export const provision = async (name: ToolName, cacheDir: string, log: Log): Promise<Tool> => {
  await privateDirectory(cacheDir);
  const home = join(cacheDir, `${name}-${await systemKey()}`);
  const ready = await provisioned(name, home);
  if (ready) return ready;
  return locked(`${home}.lock`, async () => {
    const meanwhile = await provisioned(name, home);
    if (meanwhile) return meanwhile;
    log(`${name} is not on PATH: fetching the distribution's package into ${cacheDir}`);
    await removeLeftovers(cacheDir, home);
    const work = `${home}.${process.pid}.${randomBytes(4).toString('hex')}`;
    try {
      await install(name, work);
      await rm(home, { recursive: true, force: true });
      await rename(work, home);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
    const tool = await provisioned(name, home);
    if (!tool) throw new Error(`the package was unpacked into ${home}, but ${name} does not run`);
    log(`${name} ${tool.version} is ready in ${home}`);
    return tool;
  });
};

/** What a process that was killed in the middle left behind. */
const removeLeftovers = async (cacheDir: string, home: string): Promise<void> => {
  const names = (await readdir(cacheDir)).filter(
    (name) => name.startsWith(`${basename(home)}.`) && !name.endsWith('.lock'),
  );
  for (const name of names) await rm(join(cacheDir, name), { recursive: true, force: true });
};

/** Another release of the system has other libraries: it gets its own copy. */
const systemKey = async (): Promise<string> => {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const id = /^ID=(.*)$/m.exec(release)?.[1]?.replace(/[^a-z0-9]/g, '') ?? process.platform;
  const hash = createHash('sha256').update(release).digest('hex').slice(0, 8);
  return `${id}-${process.arch}-${hash}`;
};

const install = async (name: ToolName, work: string): Promise<void> => {
  await mkdir(work, { recursive: true, mode: 0o700 });
  const failures: string[] = [];
  for (const { pkg, file, link } of SOURCES[name]) {
    try {
      await unpack(await downloadPackage(pkg, join(work, 'apt')), join(work, 'root'));
      await rm(join(work, 'apt'), { recursive: true, force: true });
      if (link) await symlink(basename(file), join(work, 'root', 'usr', 'bin', link));
      return;
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  throw new Error(failures.join('; '));
};

const provisioned = async (name: ToolName, home: string): Promise<Tool | undefined> => {
  for (const { file, link, libraries } of SOURCES[name]) {
    const path = join(home, 'root', 'usr', link ? `bin/${link}` : file);
    const there = await access(path).then(() => true, () => false); // prettier-ignore
    if (!there) continue;
    const env = { LD_LIBRARY_PATH: (await libraryDirectories(join(home, 'root'), libraries)).join(':') };
    const answer = await versionOf(path, env);
    if ('version' in answer) return { name, path, env, origin: 'provisioned', version: answer.version };
  }
  return undefined;
};

const libraryDirectories = async (root: string, deeper: readonly string[] = []): Promise<string[]> => {
  const found: string[] = [];
  for (const lib of [join(root, 'usr', 'lib'), join(root, 'lib')]) {
    const names = await readdir(lib).catch(() => []);
    const ours = names.filter((entry) => entry.includes('-linux-')).map((entry) => join(lib, entry));
    found.push(lib, ...ours, ...ours.flatMap((folder) => deeper.map((name) => join(folder, name))));
  }
  return found;
};
