import { totalmem } from 'node:os';
import { type Watch, watchMemory } from './watch.js';

/** A program and what its environment needs. */
export interface Program {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What of the profile this machine can do: found by running it, see `detectIsolation`. */
export interface SandboxFeatures {
  /**
   * `another`: started as root, the command runs under a user id of its own. `namespace`: it keeps our user id, in a
   * user namespace in which that id has no rights.
   */
  readonly user: 'another' | 'namespace';
  /** The command cannot make further user namespaces. */
  readonly noNestedNamespaces: boolean;
  /** Its memory, the number of its processes and the size of its files are limited. */
  readonly limits: boolean;
}

/** A bubblewrap that passed the self test. */
export interface Bubblewrap extends Program {
  readonly features: SandboxFeatures;
  /** Of all processes of a command together. Default: `defaultMemory()`. */
  readonly memoryBytes?: number | undefined;
}

/** Half of the machine's, at least 1 GiB. */
export const defaultMemory = (): number => Math.max(totalmem() / 2, 2 ** 30);

/** What the kernel does not limit by itself. */
export const watchesOf = ({ features, memoryBytes }: Bubblewrap): Watch[] =>
  features.limits ? [watchMemory(memoryBytes ?? defaultMemory())] : [];
