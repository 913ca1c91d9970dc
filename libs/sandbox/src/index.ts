export {
  runOnTree,
  type SandboxedCommand,
  type SandboxedProgram,
  type SandboxedTree,
  startOnTree,
} from './agent-sandbox.js';
export type { Bubblewrap, Program, SandboxFeatures } from './bubblewrap.js';
export { INSIDE, type Mount } from './bwrap-profile.js';
export { countTests } from './count-tests.js';
export { detectIsolation, type IsolationReport } from './detect-isolation.js';
export { fillHome, type HomeContent } from './fill-home.js';
export type { LiveChild, LiveChildEnd } from './live-child.js';
export type { Loopback } from './loopback.js';
export type { OverlayFeatures } from './overlay-space.js';
export { registryAccess } from './registry-access.js';
export { removeTree } from './remove-tree.js';
export { runInSandbox, type RunOptions, type SandboxOptions } from './run-in-sandbox.js';
export { runUnconfined } from './run-unconfined.js';
export type { RunResult } from './run-result.js';
export { sanitiseOutput, tailOf } from './sanitise.js';
export { makeMountPoints } from './mount-points.js';
export { knownSetup, prepareSetup, type Setup, type SetupResult, type SetupWay } from './setup.js';
export {
  openTreeSpace,
  SPACE_LIMITS,
  type SpaceLimits,
  spaceOwner,
  type SpaceOptions,
  type TreeSpace,
} from './tree-space.js';
export { verifyTree, type TreeToVerify } from './verify-tree.js';
