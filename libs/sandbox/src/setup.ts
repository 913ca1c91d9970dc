import { createHash, randomBytes } from 'node:crypto';
import { cp, lstat, mkdir, readFile, readdir, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Isolation, StepResult, VerificationCommand } from '#contracts';
import type { Bubblewrap } from './bubblewrap.js';
import { INSIDE, type Mount } from './bwrap-profile.js';
import type { Loopback } from './loopback.js';
import { registryAccess } from './registry-access.js';
import { verifyTree } from './verify-tree.js';

/** What decides what a set-up makes: two commits that agree in these files share its result. */
const MANIFESTS =
  /^(package\.json|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|pnpm-workspace\.yaml|\.npmrc|\.yarnrc(\.yml)?|requirements.*\.txt|pyproject\.toml|poetry\.lock|uv\.lock|setup\.(py|cfg)|go\.(mod|sum)|Cargo\.(toml|lock)|Gemfile(\.lock)?|Makefile)$/;
/** Folders inside what was made that tools write to while they only run. */
const WRITABLE = ['.cache', '.vite', '.vite-temp', '.vitest'];
const DONE = 'done.json';
/** Without a network a package manager is to say so at once, not to try again for minutes. */
const OFFLINE = {
  npm_config_offline: 'true',
  npm_config_fetch_retries: '0',
  PIP_NO_INDEX: '1',
  PIP_RETRIES: '0',
  GOPROXY: 'off',
  CARGO_NET_OFFLINE: 'true',
};

export interface Setup {
  /** A checkout of the base that nothing else uses: the commands run in it. */
  readonly directory: string;
  /** Paths of the checkout's own files: what else is there afterwards was made by the set-up. */
  readonly files: readonly string[];
  readonly commands: readonly VerificationCommand[];
  /** Name of the whole tree: what a command makes may depend on any of its files, unless it only installs packages. */
  readonly tree: string;
  readonly cacheDirectory: string;
  /** Hosts of package registries, all that can be reached: only with a grant in the approved plan. */
  readonly hosts: readonly string[];
  /** Opens the way to these hosts; called only where there is something to make. Absent: the network of the host. */
  readonly openWay?: (() => Promise<SetupWay>) | undefined;
  readonly timeoutSeconds: number;
  readonly isolation: Isolation;
  readonly bwrap?: Bubblewrap | undefined;
  readonly signal?: AbortSignal;
  /** Resolves when the next command may begin. */
  readonly gate?: (() => Promise<void>) | undefined;
  readonly onOutput?: () => void;
  readonly onStep?: (step: StepResult, output: Buffer) => void | Promise<void>;
}

/** How a set-up in a sandbox without a network reaches its registries. */
export interface SetupWay {
  readonly loopbacks: readonly Loopback[];
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  close(): Promise<void>;
}

export interface SetupResult {
  readonly steps: readonly StepResult[];
  readonly passed: boolean;
  readonly reused: boolean;
  /** Mounted read-only into every run that follows. */
  readonly mounts: readonly Mount[];
  readonly scratch: readonly string[];
}

/**
 * Runs the set-up commands once per manifests and commands, in a sandbox of their own, and keeps what they made. What failed
 * leaves nothing behind. Two at once: the first to end is kept.
 */
export const prepareSetup = async (setup: Setup): Promise<SetupResult> => {
  const known = await knownSetup(setup);
  if (known !== undefined) return known;
  const kept = join(setup.cacheDirectory, await keyOf(setup));
  const steps = await runSteps(setup);
  if (steps.length < setup.commands.length || steps.some((step) => step.outcome !== 'passed'))
    return { steps, passed: false, reused: false, mounts: [], scratch: [] };
  const paths = await newPaths(setup.directory, setup.files);
  await keep(setup.directory, paths, kept);
  return { steps, passed: true, reused: false, ...mountsOf(kept, (await made(kept)) ?? paths) };
};

/** What a set-up made before, if it did; `directory` is only read. */
export const knownSetup = async (setup: SetupKey & Pick<Setup, 'cacheDirectory'>): Promise<SetupResult | undefined> => {
  if (setup.commands.length === 0) return { steps: [], passed: true, reused: false, mounts: [], scratch: [] };
  const kept = join(setup.cacheDirectory, await keyOf(setup));
  const known = await made(kept);
  return known && { steps: [], passed: true, reused: true, ...mountsOf(kept, known) };
};

const runSteps = async (setup: Setup): Promise<StepResult[]> => {
  if (setup.hosts.length === 0) return verifyTree({ ...setup, env: OFFLINE });
  if (setup.isolation === 'none' || setup.openWay === undefined) {
    const { env, mounts } = await registryAccess();
    return verifyTree({ ...setup, network: true, env, readOnly: mounts });
  }
  const way = await setup.openWay();
  try {
    const { loopbacks, env, mounts } = way;
    return await verifyTree({ ...setup, loopbacks, env, readOnly: mounts });
  } finally {
    await way.close();
  }
};

/** What package managers install is decided by manifests alone. */
const INSTALLS_ONLY = /^(npm (ci|install)|yarn install|pnpm install|pip3? install)( --?[\w=-]+)*$/;

/** All that decides what a set-up makes. */
type SetupKey = Pick<Setup, 'directory' | 'files' | 'commands' | 'hosts' | 'tree'>;

const keyOf = async ({ directory, files, commands, hosts, tree }: SetupKey): Promise<string> => {
  const hash = createHash('sha256').update(
    JSON.stringify([
      process.version,
      process.platform,
      process.arch,
      hosts.toSorted(),
      commands.map(({ command }) => command),
    ]) + (commands.every(({ command }) => INSTALLS_ONLY.test(command)) ? '' : tree),
  );
  for (const path of files.filter((file) => MANIFESTS.test(basename(file))).toSorted())
    hash.update(`\0${path}\0`).update(await contentOf(join(directory, path)));
  return hash.digest('hex').slice(0, 32);
};

/** Of a link where it leads to, not what is there: it may lead anywhere. */
const contentOf = async (path: string): Promise<string | Buffer> => {
  const stat = await lstat(path);
  return stat.isSymbolicLink() ? readlink(path) : stat.isFile() ? readFile(path) : '';
};

const made = async (kept: string): Promise<string[] | undefined> => {
  const text = await readFile(join(kept, DONE), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as string[]);
};

const mountsOf = (kept: string, paths: readonly string[]) => ({
  mounts: paths.map((path, index) => ({ host: join(kept, String(index), basename(path)), inside: join(INSIDE, path) })),
  scratch: paths
    .filter((path) => basename(path) === 'node_modules')
    .flatMap((path) => WRITABLE.map((name) => join(INSIDE, path, name))),
});

/** The uppermost files and folders that were not there before. Not links: to mount one would show where it leads. */
const newPaths = async (directory: string, files: readonly string[]): Promise<string[]> => {
  const known = new Set<string>(files);
  for (const file of files) for (let at = dirname(file); at !== '.'; at = dirname(at)) known.add(at);
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(directory, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (!known.has(path)) found.push(...(entry.isDirectory() || entry.isFile() ? [path] : []));
      else if (entry.isDirectory()) await walk(path);
    }
  };
  await walk('');
  return found;
};

const keep = async (directory: string, paths: readonly string[], kept: string): Promise<void> => {
  const building = `${kept}.${randomBytes(4).toString('hex')}`;
  await mkdir(building, { recursive: true, mode: 0o700 });
  try {
    for (const [index, path] of paths.entries()) {
      const target = join(building, String(index), basename(path)); // by its name: programs look for one another by it
      await mkdir(dirname(target));
      await move(join(directory, path), target);
      if (basename(path) === 'node_modules')
        for (const name of WRITABLE) await mkdir(join(target, name), { recursive: true });
    }
    await writeFile(join(building, DONE), JSON.stringify(paths));
    await rename(building, kept).catch(async (error: unknown) => {
      if ((await made(kept)) === undefined) throw error; // else somebody was faster: what is there is as good
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
};

const move = (from: string, to: string): Promise<void> =>
  rename(from, to).catch(() => cp(from, to, { recursive: true, verbatimSymlinks: true }));
