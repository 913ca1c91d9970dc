import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inMappedNamespace, MountKeeper } from './mount-keeper.js';
import { removeTree } from './remove-tree.js';
import type { SpaceSettings, TreeSpace } from './tree-space.js';
import { watchFolders } from './watch.js';

/** How an overlay can be mounted on this machine: found by doing it, see `detectIsolation`. */
export interface OverlayFeatures {
  /**
   * `mapped`: as root, in a user namespace that knows nobody but root and the user of the commands. It counts their processes
   * by itself, and nobody in it can make another. `mount`: as root, without one. `user`: in one in which we are root.
   */
  readonly namespace: 'mapped' | 'mount' | 'user';
  /** Where changes are kept. On disk only where the kernel keeps no attributes of users in memory (before Linux 6.6). */
  readonly layer: 'memory' | 'disk';
}

/**
 * Holds the mounts for as long as somebody holds its input: they are in a namespace of its own, so that they end with it,
 * however it ends, and nobody else ever sees them. The layer `given` takes what is prepared and then lies still below `upper`.
 */
const KEEPER = `set -eu
space=$1 lower=$2 disk=$3 options=$4 owner=$5 bytes=$6 files=$7 scratch=$8 shut=$9
if [ -n "$shut" ]; then echo 0 >/proc/sys/user/max_user_namespaces; fi
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
  let keeper: MountKeeper | undefined;
  const close = async () => {
    await keeper?.end();
    if (overlay.layer === 'disk') await removeTree(disk);
    await rmdir(space).catch(() => undefined); // it was removed before: closing twice is fine
  };
  try {
    keeper = await startKeeper(settings, space, overlay.layer === 'disk' ? disk : '');
    const here = `/proc/${keeper.pid}/root${space}`;
    await prepare?.(join(here, 'tree'));
    keeper.goOn();
    await keeper.says('ready');
    return {
      enter: enter(overlay, keeper.pid),
      ...places(space),
      visible: places(here),
      upper: join(here, 'layer', 'upper'),
      watches: overlay.layer === 'disk' ? [watchFolders([join(here, 'layer')], settings.limits)] : [],
      assertThere: keeper.assertThere.bind(keeper),
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
  ...(namespace === 'mapped' ? ['--user'] : []),
  ...(namespace === 'user' ? ['--user', '--preserve-credentials'] : []),
  '--',
];

/** A directory that is renamed is copied, and every change of a file brings its content: so the layer can be read by itself. */
const OPTIONS = { mapped: 'userxattr', mount: 'redirect_dir=off,metacopy=off,index=off', user: 'userxattr' };

const UNSHARE = ['unshare', '--mount', '--propagation', 'private'];

const startKeeper = (
  { lower, owner, limits, overlay }: SpaceSettings & { readonly overlay: OverlayFeatures },
  space: string,
  disk: string,
): Promise<MountKeeper> => {
  const { bytes, files, scratchBytes } = limits;
  const shut = overlay.namespace === 'mapped' ? 'yes' : '';
  const settings = [disk, OPTIONS[overlay.namespace], owner ?? '', bytes, files, scratchBytes, shut].map(String);
  const script = ['--', 'sh', '-c', KEEPER, 'sh', space, lower, ...settings];
  const start = async (argv: readonly string[]): Promise<MountKeeper> => {
    const [file = '', ...args] = argv;
    const keeper = new MountKeeper(file, args);
    await keeper.says('prepare').catch(async (error: unknown) => {
      await keeper.end();
      throw error;
    });
    return keeper;
  };
  if (overlay.namespace === 'mapped')
    return inMappedNamespace(owner ?? 0, (inside) => start([...inside, ...UNSHARE, ...script]));
  return start([...UNSHARE, ...(overlay.namespace === 'user' ? ['--user', '--map-root-user'] : []), ...script]);
};
