import { findTool } from '../../system-tools/src/index.js';
import { detectIsolation } from './detect-isolation.js';

/** The sandbox of this machine, found or provisioned; undefined where there is none. */
export const bwrap = await findTool('bwrap').then(
  async (tool) => (await detectIsolation({ bwrap: tool })).bwrap,
  () => undefined,
);
