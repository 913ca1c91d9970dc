import type { Bubblewrap } from './bubblewrap.js';
import { copySpace } from './copy-space.js';
import { overlaySpace, type OverlayFeatures } from './overlay-space.js';
import type { Watch } from './watch.js';

/** A tree that stays as it is, and room above it for what commands change. */
export interface TreeSpace {
  /** What a program is started through, so that it finds the paths below. */
  readonly enter: readonly string[];
  /** The tree as it looks, for `enter`. */
  readonly tree: string;
  /** Empty, writable, for `enter`: gone with the space. */
  readonly tmp: string;
  readonly home: string;
  /** The same three, where this process finds them. While a command runs, what lies below may become a link at any moment. */
  readonly visible: { readonly tree: string; readonly tmp: string; readonly home: string };
  /** Where this process finds what was changed, and nothing else; absent where the tree is a copy. */
  readonly upper: string | undefined;
  /** Looks after what its kernel does not limit. */
  readonly watches: readonly Watch[];
  /** Before and after reading: what is read of a space that broke down is not what is in it. @throws HyperRunError `sandbox.no-space` */
  assertThere(): void;
  /** All is gone. May be called again. */
  close(): Promise<void>;
}

export interface SpaceLimits {
  /** Of all that is written into the tree. */
  readonly bytes: number;
  readonly files: number;
  /** Of `/tmp` and of the home folder, each. */
  readonly scratchBytes: number;
}

export const SPACE_LIMITS: SpaceLimits = { bytes: 512 << 20, files: 65_536, scratchBytes: 1 << 30 };

export interface SpaceOptions {
  readonly bwrap: Bubblewrap;
  /** Absent: this machine has none, and the tree is copied. */
  readonly overlay: OverlayFeatures | undefined;
  /** The tree. Nobody may change it while the space is there. */
  readonly lower: string;
  /** An empty folder of the host for the space's own use. */
  readonly directory: string;
  readonly limits?: SpaceLimits;
  /** Changes the tree, given as a folder, before anything else sees it; what it does is no change of a command. */
  readonly prepare?: (tree: string) => Promise<void>;
}

/**
 * The user id that commands in a space have, seen from outside, where we are root: the tree below must be theirs, and is the
 * same for all of them. Undefined: they keep ours.
 */
export const spaceOwner = ({ features }: Bubblewrap): number | undefined =>
  features.user === 'another' ? SPACE_UID : undefined;

/** Not one that a person, a service or a sandbox of another kind has. */
const SPACE_UID = 65_520;

/** @throws HyperRunError `sandbox.no-space`, with the words of whatever refused */
export const openTreeSpace = (options: SpaceOptions): Promise<TreeSpace> => {
  const { overlay, bwrap, limits = SPACE_LIMITS, ...more } = options;
  const settings = { ...more, limits, owner: spaceOwner(bwrap) };
  return overlay === undefined ? copySpace(settings) : overlaySpace({ ...settings, overlay });
};

export interface SpaceSettings {
  readonly lower: string;
  readonly directory: string;
  readonly limits: SpaceLimits;
  readonly owner: number | undefined;
  readonly prepare?: ((tree: string) => Promise<void>) | undefined;
}
