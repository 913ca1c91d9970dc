import { lstat, realpath } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';
import { HyperRunError } from '#contracts';
import type { SandboxFeatures } from './bubblewrap.js';
import { FIRST_INPUT, INFO } from './child-run.js';
import { codeOf } from './failure.js';
import type { Toolchain } from './toolchain.js';

/** Where the directory lies in the sandbox, whatever its path on the host. */
export const INSIDE = '/repository';
const HOME = '/home/agent';

/** A file or folder of the host, shown read-only; `inside` may lie in `/repository`. */
export interface Mount {
  readonly host: string;
  readonly inside: string;
}

/** What lies at `/repository`. */
export interface TreeMount {
  /** Where bubblewrap finds it. */
  readonly source: string;
  /** Where this process finds it. */
  readonly visible: string;
  /** Folders that can be changed, from the top of the tree; absent: all of it. */
  readonly writable?: readonly string[] | undefined;
  /** Files and folders in it that stay as they are, also where what lies around them can be changed. */
  readonly fixed?: readonly string[] | undefined;
}

export interface Profile {
  readonly features: SandboxFeatures;
  /** Run by `sh -c` in `/repository`, with its arguments: see `LAUNCH`. */
  readonly launch: readonly [script: string, ...args: string[]];
  readonly tree: TreeMount;
  /** Folders that become `/tmp` and the home folder; absent: empty ones that are forgotten. */
  readonly scratchFolders?: { readonly tmp: string; readonly home: string } | undefined;
  readonly readOnly: readonly Mount[];
  readonly scratch: readonly string[];
  readonly network: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly tmpSizeMb: number;
  readonly toolchain: Toolchain;
  /** The user id outside of the sandbox, for `features.user: 'another'`. */
  readonly uid: number;
}

const MAX_PROCESSES = 1024;
const MAX_FILE_BYTES = 4 * 2 ** 30;

/** The arguments of bwrap and what it reads from the descriptors FIRST_INPUT, …: the files of its /etc. */
export const bwrapCall = async (profile: Profile): Promise<{ args: string[]; inputs: string[] }> => {
  const etc = Object.entries(etcOf(profile));
  const mounts = [...profile.toolchain.mounts, ...profile.readOnly];
  const parents = parentsOf(['/etc/ssl/x', '/var/x', HOME, ...mounts.map(({ inside }) => inside)]);
  const args = [
    ...namespaces(profile),
    ...['--info-fd', String(INFO), '--hostname', 'sandbox', '--clearenv'],
    ...Object.entries(environment(profile)).flatMap(([name, value]) => ['--setenv', name, value]),
    ...(await systemFolders()),
    ...folders(parents.filter((path) => !isInScratch(path))),
    ...etc.flatMap(([path], index) => ['--perms', '0444', '--ro-bind-data', String(FIRST_INPUT + index), path]),
    ...(await etcFolders(profile.network)),
    ...['--proc', '/proc', '--dev', '/dev', '--size', String(64 << 20), '--perms', '1777', '--tmpfs', '/dev/shm'],
    ...scratchFolders(profile),
    // What bwrap makes by itself, for something to be shown in there, is open to its owner alone.
    ...folders(parents.filter(isInScratch)),
    ...['--symlink', '/tmp', '/var/tmp', '--dir', '/run'],
    ...(await treeMounts(profile.tree)),
    ...(await Promise.all(mounts.map((mount) => readOnlyMount(profile.tree.visible, mount)))).flat(),
    ...profile.scratch.flatMap((path) => writable(path, profile.tmpSizeMb)),
    ...['--remount-ro', '/', '--chdir', '/', '--'],
    ...launcher(profile),
  ];
  return { args, inputs: etc.map(([, content]) => content) };
};

const folders = (paths: readonly string[]): string[] => paths.flatMap((path) => ['--perms', '0755', '--dir', path]);

const namespaces = ({ features, network }: Profile): string[] => [
  ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
  ...(network ? [] : ['--unshare-net']),
  ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
  ...(features.user === 'another'
    ? ['--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID']
    : [
        '--unshare-user',
        '--uid',
        '1000',
        '--gid',
        '1000',
        ...(features.noNestedNamespaces ? ['--disable-userns'] : []),
      ]),
];

/** After the namespaces stand, the command gets its user id and its limits; its capabilities go with the user id. */
const launcher = ({ features, uid, launch: [script, ...args] }: Profile): string[] => [
  ...(features.user === 'another'
    ? ['setpriv', '--reuid', String(uid), '--regid', String(uid), '--clear-groups', '--inh-caps', '-all', '--']
    : []),
  ...(features.limits ? ['prlimit', `--nproc=${MAX_PROCESSES}`, `--fsize=${MAX_FILE_BYTES}`, '--core=0', '--'] : []),
  ...['sh', '-c', `cd ${INSIDE} || exit; ${script}`, 'sh', ...args],
];

const environment = ({ env, toolchain }: Profile): Record<string, string> => ({
  PATH: toolchain.path.join(':'),
  HOME,
  TMPDIR: '/tmp',
  USER: 'agent',
  LOGNAME: 'agent',
  SHELL: '/bin/sh',
  LANG: 'C.UTF-8',
  TZ: 'UTC',
  CI: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
  ...toolchain.env,
  ...env,
});

/** Programs and libraries; a merged /usr has links for the rest. */
const systemFolders = async (): Promise<string[]> => {
  const args = ['--ro-bind', '/usr', '/usr', '--ro-bind-try', '/nix/store', '/nix/store'];
  for (const path of ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']) {
    const kind = await kindOf(path);
    if (kind === 'link') args.push('--symlink', relative('/', await realpath(path)), path);
    if (kind === 'directory') args.push('--ro-bind', path, path);
  }
  return args;
};

/** Folders of the sandbox's own root: bubblewrap would make them for the user who starts it alone. */
const isInScratch = (path: string): boolean => path.startsWith('/tmp/') || path.startsWith(`${HOME}/`);

const parentsOf = (paths: readonly string[]): string[] => {
  const found = new Set<string>();
  for (const path of paths) for (let at = dirname(path); at !== '/'; at = dirname(at)) found.add(at);
  return [...found].filter((path) => !/^\/(usr|repository|proc|dev)(\/|$)|^\/tmp$/.test(path)).toSorted();
};

const etcOf = ({ features, uid, network }: Profile): Record<string, string> => {
  const id = features.user === 'another' ? uid : 1000;
  return {
    '/etc/passwd': `agent:x:${id}:${id}:agent:${HOME}:/bin/sh\nroot:x:0:0:root:/root:/bin/false\n`,
    '/etc/group': `agent:x:${id}:\nroot:x:0:\n`,
    '/etc/hosts': '127.0.0.1 localhost sandbox\n::1 localhost\n',
    '/etc/nsswitch.conf': `passwd: files\ngroup: files\nhosts: files${network ? ' dns' : ''}\n`,
  };
};

/** Nothing of the machine's configuration but what programs need in order to start. */
const etcFolders = async (network: boolean): Promise<string[]> => {
  const paths = [
    'ld.so.cache',
    'ld.so.conf',
    'ld.so.conf.d',
    'alternatives',
    'localtime',
    'mime.types',
    'ssl/openssl.cnf',
  ];
  const certificates = network ? ['ssl/certs', 'ca-certificates', 'pki'] : [];
  const args = [...paths, ...certificates]
    .map((name) => `/etc/${name}`)
    .flatMap((path) => ['--ro-bind-try', path, path]);
  const resolver = network ? await realpath('/etc/resolv.conf').catch(() => undefined) : undefined;
  return resolver ? [...args, '--ro-bind', resolver, '/etc/resolv.conf'] : args;
};

const writable = (path: string, sizeMb: number): string[] => [
  ...['--size', String(sizeMb * 2 ** 20), '--perms', '1777', '--tmpfs', path],
];

const scratchFolders = ({ scratchFolders: folders, tmpSizeMb }: Profile): string[] =>
  folders === undefined
    ? [...writable('/tmp', tmpSizeMb), ...writable(HOME, tmpSizeMb)]
    : ['--bind', folders.tmp, '/tmp', '--bind', folders.home, HOME];

const treeMounts = async ({ source, visible, writable, fixed = [] }: TreeMount): Promise<string[]> => {
  if (writable === undefined) return ['--bind', source, INSIDE, ...(await maskGit(visible))];
  const whole = writable.includes('');
  for (const path of [...writable, ...fixed]) await refuseLinks(visible, path);
  const below = whole ? [] : writable.filter((path) => !writable.some((other) => path.startsWith(`${other}/`)));
  const bind = (how: string, paths: readonly string[]) =>
    paths.flatMap((path) => [how, join(source, path), join(INSIDE, path)]);
  return [whole ? '--bind' : '--ro-bind', source, INSIDE, ...bind('--bind', below), ...bind('--ro-bind', fixed)];
};

/** The repository's own metadata is neither to be read nor to be prepared for a git that runs later. */
const maskGit = async (directory: string): Promise<string[]> => {
  const kind = await kindOf(join(directory, '.git'));
  if (kind === 'absent') return [];
  if (kind === 'link') throw refused(`${INSIDE}/.git`);
  const inside = `${INSIDE}/.git`;
  return kind === 'directory' ? ['--tmpfs', inside, '--remount-ro', inside] : ['--ro-bind', '/dev/null', inside];
};

/** A mount point is never reached through a link that the tree brought along. */
const readOnlyMount = async (directory: string, mount: Mount): Promise<string[]> => {
  const within = relative(INSIDE, normalize(mount.inside));
  if (!within.startsWith('..')) await refuseLinks(directory, within);
  return ['--ro-bind', mount.host, mount.inside];
};

const refuseLinks = async (directory: string, within: string): Promise<void> => {
  let path = directory;
  for (const part of within.split('/'))
    if (part !== '' && (await kindOf((path = join(path, part)))) === 'link') throw refused(join(INSIDE, within));
};

const refused = (path: string) =>
  new HyperRunError(
    'sandbox.link-in-the-way',
    `${path} is to be covered by a mount and must not be a symbolic link in the tree; it is one. Remove it from the repository.`,
    { path },
  );

type Kind = 'absent' | 'link' | 'directory' | 'file';

const kindOf = async (path: string): Promise<Kind> => {
  try {
    const stat = await lstat(path);
    return stat.isSymbolicLink() ? 'link' : stat.isDirectory() ? 'directory' : 'file';
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return 'absent';
    throw error;
  }
};
