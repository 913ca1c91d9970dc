import { existsSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join, relative } from 'node:path';

/** Programs outside of the system's folders that a command needs: shown read-only in the sandbox. */
export interface Toolchain {
  readonly mounts: readonly { readonly host: string; readonly inside: string }[];
  /** PATH in the sandbox. */
  readonly path: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

type Environment = Readonly<Record<string, string | undefined>>;
const SYSTEM = /^\/(usr|bin|sbin|lib\w*|nix)(\/|$)/;
const NODE_INSIDE = '/opt/node';

/** The Node that runs us with its npm, and the Python (pyenv) and Rust (rustup) that a person has in the home folder. */
export const toolchainOf = (env: Environment = process.env, node = process.execPath): Toolchain => {
  const parts = [nodeOf(realpathSync(node)), pyenvOf(env), rustOf(env)];
  const mounts = parts.flatMap((part) => part.mounts);
  const known = (env['PATH'] ?? '').split(delimiter).flatMap((path) => inside(path, mounts));
  const path = [
    ...parts.flatMap((part) => part.path).filter((folder) => !known.includes(folder)),
    ...known,
    ...DEFAULTS,
  ];
  return {
    mounts,
    path: [...new Set(path)],
    env: Object.assign({}, ...parts.map((part) => part.env)) as Record<string, string>,
  };
};

const DEFAULTS = ['/usr/local/bin', '/usr/bin', '/bin'];

/** A folder of the person's PATH as the sandbox sees it, if it does: the order, which decides, stays. */
const inside = (path: string, mounts: Toolchain['mounts']): string[] => {
  if (!isAbsolute(path)) return [];
  const mount = mounts.find(({ host }) => path === host || path.startsWith(`${host}/`));
  if (mount) return [join(mount.inside, relative(mount.host, path))];
  return SYSTEM.test(path) ? [path] : [];
};

const NOTHING: Toolchain = { mounts: [], path: [], env: {} };

/** Only a folder that is an installation of Node is shown whole: `~/bin/node` must not show the home folder. */
const nodeOf = (node: string): Toolchain => {
  if (SYSTEM.test(node)) return { ...NOTHING, path: [dirname(node)] };
  const prefix = dirname(dirname(node));
  const isInstallation = basename(dirname(node)) === 'bin' && existsSync(join(prefix, 'lib', 'node_modules', 'npm'));
  return isInstallation && !`${homedir()}/`.startsWith(`${prefix}/`)
    ? { ...NOTHING, mounts: [{ host: prefix, inside: NODE_INSIDE }], path: [`${NODE_INSIDE}/bin`] }
    : { ...NOTHING, mounts: [{ host: node, inside: `${NODE_INSIDE}/bin/node` }], path: [`${NODE_INSIDE}/bin`] };
};

/** At its own path: what pip installs names its interpreter by it. */
const pyenvOf = (env: Environment): Toolchain => {
  const root = env['PYENV_ROOT'] ?? join(homedir(), '.pyenv');
  if (!existsSync(join(root, 'versions')) || !existsSync(join(root, 'shims'))) return NOTHING;
  return {
    mounts: [{ host: root, inside: root }],
    path: [join(root, 'shims'), join(root, 'bin')],
    env: { PYENV_ROOT: root },
  };
};

/** The programs of rustup; not the rest of `~/.cargo`, which holds the registry's token. */
const rustOf = (env: Environment): Toolchain => {
  const rustup = env['RUSTUP_HOME'] ?? join(homedir(), '.rustup');
  const bin = join(env['CARGO_HOME'] ?? join(homedir(), '.cargo'), 'bin');
  if (!existsSync(join(rustup, 'toolchains')) || !existsSync(bin)) return NOTHING;
  return {
    mounts: [
      { host: realpathSync(rustup), inside: '/opt/rustup' },
      { host: realpathSync(bin), inside: '/opt/cargo/bin' },
    ],
    path: ['/opt/cargo/bin'],
    env: { RUSTUP_HOME: '/opt/rustup' },
  };
};
