import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HyperRunError } from '#contracts';
import { CapturedOutput } from './captured-output.js';
import { withoutInherited } from './inherited-descriptors.js';
import { kill } from './process-table.js';
import { removeTree } from './remove-tree.js';
import type { SpaceSettings, TreeSpace } from './tree-space.js';

/** How an overlay can be mounted on this machine: found by doing it, see `detectIsolation`. */
export interface OverlayFeatures {
  /** `mount`: as root, in mounts of its own. `user`: in a user namespace as well, in which we are root. */
  readonly namespace: 'mount' | 'user';
  /** Where changes are kept. On disk only where the kernel keeps no attributes of users in memory (before Linux 6.6). */
  readonly layer: 'memory' | 'disk';
}

/**
 * Holds the mounts for as long as somebody holds its input: they are in a namespace of its own, so that they end with it,
 * however it ends, and nobody else ever sees them. The layer `given` takes what is prepared and then lies still below `upper`.
 */
const KEEPER = `set -eu
space=$1 lower=$2 disk=$3 options=$4 owner=$5 bytes=$6 files=$7 scratch=$8
mount -t tmpfs -o size=1m,mode=0755 hyper-run "$space"
cd "$space"
mkdir base layer tree tmp home
mount --bind "$lower" base
if [ -n "$disk" ]; then mount --bind "$disk" layer
else mount -t tmpfs -o "size=$bytes,nr_inodes=$files,mode=0755" hyper-run layer; fi
mount -t tmpfs -o "size=$scratch,nr_inodes=200k,mode=1777" hyper-run tmp
mount -t tmpfs -o "size=$scratch,nr_inodes=200k,mode=0755" hyper-run home
mkdir layer/given layer/given-work layer/upper layer/work
overlay() { mount -t overlay -o "lowerdir=$1,upperdir=layer/$2,workdir=layer/$3,$options" hyper-run tree; }
give() { if [ -n "$owner" ]; then chown -RhP "$owner:$owner" -- "$@"; fi; }
give layer/given layer/upper home
overlay base given given-work
echo prepare
read -r go
give layer/given
umount tree
overlay layer/given:base upper work
echo ready
exec cat >/dev/null`;

/** An overlay over the tree: what is written is a layer of its own, and the list of changes. */
export const overlaySpace = async (
  settings: SpaceSettings & { readonly overlay: OverlayFeatures },
): Promise<TreeSpace> => {
  const { directory, overlay, prepare } = settings;
  const space = join(directory, 'space');
  const disk = join(directory, 'layer');
  await mkdir(space, { mode: 0o700 });
  if (overlay.layer === 'disk') await mkdir(disk, { mode: 0o755 });
  const keeper = new Keeper(spawnKeeper(settings, space, overlay.layer === 'disk' ? disk : ''));
  const close = async () => {
    await keeper.end();
    if (overlay.layer === 'disk') await removeTree(disk);
    await rmdir(space).catch(() => undefined); // it was removed before: closing twice is fine
  };
  try {
    await keeper.says('prepare');
    const here = `/proc/${keeper.pid}/root${space}`;
    await prepare?.(join(here, 'tree'));
    keeper.goOn();
    await keeper.says('ready');
    return {
      enter: enter(overlay, keeper.pid),
      ...places(space),
      visible: places(here),
      upper: join(here, 'layer', 'upper'),
      assertThere: () => keeper.assertThere(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

const places = (space: string) => ({ tree: join(space, 'tree'), tmp: join(space, 'tmp'), home: join(space, 'home') });

const enter = ({ namespace }: OverlayFeatures, pid: number): string[] => [
  ...['nsenter', '--target', String(pid), '--mount'],
  ...(namespace === 'user' ? ['--user', '--preserve-credentials'] : []),
  '--',
];

/** A directory that is renamed is copied, and every change of a file brings its content: so the layer can be read by itself. */
const OPTIONS = { mount: 'redirect_dir=off,metacopy=off,index=off', user: 'userxattr' };

const spawnKeeper = (
  { lower, owner, limits, overlay }: SpaceSettings & { readonly overlay: OverlayFeatures },
  space: string,
  disk: string,
): ChildProcess => {
  const { bytes, files, scratchBytes } = limits;
  const numbers = [owner ?? '', bytes, files, scratchBytes].map(String);
  const unshare = [
    ...['--mount', '--propagation', 'private'],
    ...(overlay.namespace === 'user' ? ['--user', '--map-root-user'] : []),
  ];
  const args = [...unshare, '--', 'sh', '-c', KEEPER, 'sh', space, lower, disk, OPTIONS[overlay.namespace], ...numbers];
  return spawn('unshare', args, {
    cwd: '/',
    env: { PATH: SYSTEM_PATH },
    detached: true,
    stdio: withoutInherited(['pipe', 'pipe', 'pipe']),
  });
};

export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

class Keeper {
  readonly #words = new CapturedOutput(8192);
  readonly #heard: string[] = [];
  readonly #ended: Promise<void>;
  #listen: () => void = () => undefined;

  constructor(private readonly child: ChildProcess) {
    child.stderr?.on('data', (chunk: Buffer) => this.#words.push(chunk));
    child.stdin?.on('error', () => undefined); // it ended: `says` tells why
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(this.#words.push(Buffer.from(error.message))));
      child.once('close', () => resolve());
    });
    if (child.stdout)
      createInterface({ input: child.stdout }).on('line', (line) => {
        this.#heard.push(line);
        this.#listen();
      });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** @throws HyperRunError `sandbox.no-space` */
  async says(word: string): Promise<void> {
    const heard = new Promise<boolean>((resolve) => {
      this.#listen = () => this.#heard.includes(word) && resolve(true);
      this.#listen();
    });
    if (await Promise.race([heard, this.#ended.then(() => false)])) return;
    throw this.#failure('An overlay over the tree could not be mounted');
  }

  /** Its process id is its own for as long as it lives: only then do paths below `/proc/<pid>` lead where they should. */
  assertThere(): void {
    if (this.pid === 0 || this.child.exitCode !== null || this.child.signalCode !== null)
      throw this.#failure('The overlay over the tree broke down');
  }

  goOn(): void {
    this.child.stdin?.write('go\n');
  }

  #failure(what: string): HyperRunError {
    const why = this.#words.bytes().toString('utf8').trim();
    return new HyperRunError('sandbox.no-space', `${what}: ${why || 'no word why'}`, {}, 'operator');
  }

  async end(): Promise<void> {
    this.child.stdin?.end();
    if (this.pid > 0) kill(-this.pid, 'SIGKILL');
    await this.#ended;
  }
}
