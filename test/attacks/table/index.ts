import type { Attack } from '../attack.js';
import { GIT } from './git.js';
import { LINKS } from './links.js';
import { OUTPUT } from './output.js';
import { PATHS } from './paths.js';
import { PROCESSES } from './processes.js';
import { PROTECTED } from './protected.js';

/** The whole catalogue, by number. */
export const ATTACKS: readonly Attack[] = [...PATHS, ...LINKS, ...GIT, ...PROTECTED, ...PROCESSES, ...OUTPUT].toSorted(
  (a, b) => a.number - b.number,
);
