// How a repository is verified: by what it says itself, else by what its kind of project usually has.
import { z } from 'zod';
import type { Verification, VerificationCommand } from '#contracts';
import { namedHosts, setupHosts } from './setup-hosts.js';
import type { RepositoryConfig } from './repository-config.port.js';

interface Files {
  files(): readonly { readonly path: string }[];
  read(path: string): Promise<Buffer | undefined>;
}

const Manifest = z.object({
  scripts: z.record(z.string(), z.string()).optional(),
  packageManager: z.string().optional(),
});

/** npm's own placeholder for a test script that does not exist. */
const PLACEHOLDER = /no test specified/i;

/** Set-up and commands of a repository; nothing to derive is `weak`: only the built-in gate judges. */
export const verificationOf = async (
  tree: Files,
  settings: RepositoryConfig,
  timeoutSeconds: number,
  /** Where the operator's package managers look; asked for only where there is a set-up. */
  registries: () => Promise<Readonly<Record<string, string>>> = () => Promise.resolve({}),
): Promise<Verification> => {
  const paths = new Set(tree.files().map(({ path }) => path));
  const derived = await derive(tree, paths);
  const own = (commands: readonly string[] | undefined, fallback: readonly VerificationCommand[]) =>
    commands === undefined
      ? [...fallback]
      : commands.map((command) => ({ name: command.slice(0, 120), command, origin: '.hyper-run.json' }));
  const commands = own(settings.verify, derived.commands);
  const setup = commands.length === 0 ? [] : own(settings.setup, derived.setup);
  const common = { setup, commands, weak: commands.length === 0, timeoutSeconds, setupNetwork: false };
  if (setup.length === 0) return common;
  const { setupHosts: named } = settings;
  return {
    ...common,
    setupHosts: named === undefined ? await setupHosts(setup, tree, await registries()) : namedHosts(named),
  };
};

interface Derived {
  readonly setup: readonly VerificationCommand[];
  readonly commands: readonly VerificationCommand[];
}

const one = (name: string, command: string, origin: string): VerificationCommand => ({ name, command, origin });

const derive = async (tree: Files, paths: ReadonlySet<string>): Promise<Derived> => {
  const node = paths.has('package.json') ? await fromPackage(tree, paths) : undefined;
  if (node !== undefined) return node;
  if (paths.has('Cargo.toml')) return { setup: [], commands: [one('cargo test', 'cargo test', 'Cargo.toml')] };
  if (paths.has('go.mod')) return { setup: [], commands: [one('go test', 'go test -v ./...', 'go.mod')] };
  if (isPython(paths)) return { setup: [], commands: [one('pytest', 'python3 -m pytest -q', 'tests of Python')] };
  const makefile = paths.has('Makefile') ? (await tree.read('Makefile'))?.toString('utf8') : undefined;
  if (makefile !== undefined && /^test\s*:/m.test(makefile))
    return { setup: [], commands: [one('make test', 'make test', 'Makefile')] };
  return { setup: [], commands: [] };
};

const isPython = (paths: ReadonlySet<string>): boolean =>
  ['pyproject.toml', 'setup.py', 'setup.cfg', 'pytest.ini', 'tox.ini'].some((name) => paths.has(name)) &&
  [...paths].some((path) => /(^|\/)(test_[^/]*|[^/]*_test)\.py$/.test(path));

const fromPackage = async (tree: Files, paths: ReadonlySet<string>): Promise<Derived | undefined> => {
  const text = (await tree.read('package.json'))?.toString('utf8') ?? '{}';
  const manifest = Manifest.safeParse(parse(text)).data;
  const test = manifest?.scripts?.['test'];
  if (test === undefined || PLACEHOLDER.test(test)) return undefined;
  const manager = managerOf(manifest?.packageManager, paths);
  const commands = [one('test', `${manager} test`, 'package.json scripts.test')];
  const modern = manager === 'yarn' && isModernYarn(manifest?.packageManager, paths);
  const { install, lockfile } = INSTALLS[modern ? 'modernYarn' : manager];
  const needsSetup = /"(dev|optional)?[dD]ependencies"\s*:\s*\{\s*"/.test(text);
  if (!needsSetup) return { setup: [], commands };
  const lock = lockfile.find((name) => paths.has(name));
  return {
    setup: [
      one('install', lock === undefined ? `${manager} install --ignore-scripts` : install, lock ?? 'package.json'),
    ],
    commands,
  };
};

/** Yarn 2 and later know neither of the options of Yarn 1. */
const isModernYarn = (named: string | undefined, paths: ReadonlySet<string>): boolean =>
  named === undefined ? paths.has('.yarnrc.yml') : /^yarn@([2-9]|\d\d)/.test(named);

const INSTALLS = {
  npm: { install: 'npm ci --ignore-scripts', lockfile: ['package-lock.json', 'npm-shrinkwrap.json'] },
  yarn: { install: 'yarn install --frozen-lockfile --ignore-scripts', lockfile: ['yarn.lock'] },
  modernYarn: { install: 'yarn install --immutable --mode=skip-build', lockfile: ['yarn.lock'] },
  pnpm: { install: 'pnpm install --frozen-lockfile --ignore-scripts', lockfile: ['pnpm-lock.yaml'] },
} as const;

const managerOf = (named: string | undefined, paths: ReadonlySet<string>): 'npm' | 'yarn' | 'pnpm' => {
  const name = /^(npm|yarn|pnpm)@/.exec(named ?? '')?.[1];
  if (name === 'yarn' || name === 'pnpm' || name === 'npm') return name;
  if (paths.has('pnpm-lock.yaml')) return 'pnpm';
  return paths.has('yarn.lock') && !paths.has('package-lock.json') ? 'yarn' : 'npm';
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
