import type { AgentWorkspace, TaskTree } from '#agents';
import type { RawEntry } from '../harness/raw-candidates.js';
import type { Place } from './place.js';

/**
 * One attack, and what stands in its way: on a tree in memory, in a sandbox with its collector, at the gate alone (a candidate
 * that somebody else made), and in the rest of the service. Every denial has a twin beside it that shows that honest use goes
 * on working. A sentence says why an attack cannot be made in a column.
 */
export interface Attack {
  readonly number: number;
  readonly attack: string;
  readonly memory: readonly MemoryCase[] | string;
  readonly sandbox: readonly SandboxCase[] | string;
  readonly gate: readonly GateCase[] | string;
  readonly service?: readonly ServiceCase[];
  /**
   * How a coding agent of other people carries it out, besides the commands of `sandbox` that share one: it runs them in its own
   * shell. `own-session`: by what it says, how it ends, or what it leaves running. A sentence says why no agent can.
   */
  readonly agent?: readonly Denied[] | typeof OWN_SESSION | Impossible;
}

interface Impossible {
  readonly impossible: string;
}

export const OWN_SESSION = 'own-session';

export interface MemoryCase {
  readonly action: 'write' | 'delete';
  readonly path: string;
  readonly rule: string;
  /** What the same action may do. */
  readonly but: string;
  readonly patterns: readonly string[];
}

/** The shell commands of a case run at `/repository`, in a folder of the scope or in all of it. */
export type SandboxCase = Denied | Collected | Alone;

export interface Denied {
  readonly kind: 'denied';
  /** The layer that stops it. */
  readonly by: string;
  /** Must fail inside, and nothing of it may be found afterwards. */
  readonly attempt: string;
  /** Must work inside. */
  readonly but: string;
  readonly everywhere: boolean;
}

export interface Collected {
  readonly kind: 'collected';
  readonly by: 'collector';
  /** Must work inside, and must be found. */
  readonly attempt: string;
  readonly finds: readonly (readonly [path: string, rule: string])[];
  /** Must work inside, and must be taken. */
  readonly but: string;
  readonly leaves: readonly string[];
  readonly everywhere: boolean;
}

/** Needs a sandbox of its own. The twin is in it. */
export interface Alone {
  readonly kind: 'alone';
  readonly by: string;
  readonly show: (place: Place) => Promise<void>;
}

export interface GateCase {
  /** Entries of the candidate. No object: the entry is taken away. */
  readonly entries: readonly RawEntry[];
  readonly rules: readonly string[];
  readonly but: readonly RawEntry[];
  readonly patterns: readonly string[];
  /** As bytes of the tree of `docs`, where git would not make such an entry. */
  readonly raw: boolean;
}

export interface ServiceCase {
  readonly by: string;
  readonly denied: (place: Place) => Promise<void> | void;
  readonly allowed: (place: Place) => Promise<void> | void;
}

export interface Inside {
  readonly workspace: AgentWorkspace;
  readonly tree: TaskTree;
}

const DOCS = ['docs/**'];
const ALL = ['**'];

/** The shell commands of an attack that share a sandbox, or an agent that runs them. */
export const commandsOf = ({ sandbox, agent }: Attack): readonly (Denied | Collected)[] => [
  ...(typeof sandbox === 'string' ? [] : sandbox.filter((one): one is Denied | Collected => one.kind !== 'alone')),
  ...(Array.isArray(agent) ? (agent as Denied[]) : []),
];

/** By what means an agent carries it out; a sentence: none can, and why. */
export const meansOf = (attack: Attack): 'commands' | typeof OWN_SESSION | Impossible => {
  if (commandsOf(attack).length > 0) return 'commands';
  return attack.agent === OWN_SESSION ? OWN_SESSION : (attack.agent as Impossible);
};

interface Options {
  readonly but: string;
  readonly everywhere?: boolean;
}

const patternsOf = ({ everywhere = false }: { readonly everywhere?: boolean }) => (everywhere ? ALL : DOCS);

export const write = (path: string, rule: string, options: Options): MemoryCase => ({
  action: 'write',
  path,
  rule,
  but: options.but,
  patterns: patternsOf(options),
});

export const remove = (path: string, rule: string, options: Options): MemoryCase => ({
  ...write(path, rule, options),
  action: 'delete',
});

export const denied = (by: string, attempt: string, options: Options): Denied => ({
  kind: 'denied',
  by,
  attempt,
  but: options.but,
  everywhere: options.everywhere ?? false,
});

export const collected = (
  attempt: string,
  finds: Collected['finds'],
  options: Options & { readonly leaves: readonly string[] },
): Collected => ({
  kind: 'collected',
  by: 'collector',
  attempt,
  finds,
  but: options.but,
  leaves: options.leaves,
  everywhere: options.everywhere ?? false,
});

export const alone = (by: string, show: Alone['show']): Alone => ({ kind: 'alone', by, show });

export const file = (path: string | Buffer, content = 'x\n'): RawEntry => ({ mode: '100644', path, content });
export const executable = (path: string, content = 'x\n'): RawEntry => ({ mode: '100755', path, content });
export const link = (path: string, content: string): RawEntry => ({ mode: '120000', path, content });
export const submodule = (path: string): RawEntry => ({ mode: '160000', path });
/** Written as it is, with its entries in this order. */
export const folder = (path: string, ...entries: readonly RawEntry[]): RawEntry => ({ mode: '40000', path, entries });
export const gone = (path: string): RawEntry => ({ mode: '0', path });

export const refused = (
  entries: RawEntry | readonly RawEntry[],
  rules: readonly string[],
  options: { readonly but: RawEntry | readonly RawEntry[]; readonly everywhere?: boolean },
): GateCase => ({
  entries: [entries].flat(),
  rules,
  but: [options.but].flat(),
  patterns: patternsOf(options),
  raw: false,
});

/** The same, written into the tree of `docs` byte by byte. */
export const refusedRaw = (
  entries: RawEntry | readonly RawEntry[],
  rules: readonly string[],
  options: { readonly but: RawEntry | readonly RawEntry[] },
): GateCase => ({ ...refused(entries, rules, options), raw: true });

export const OUTSIDE = ['gate.outside-scope', 'outside-scope'];

export const inService = (by: string, denied: ServiceCase['denied'], allowed: ServiceCase['allowed']): ServiceCase => ({
  by,
  denied,
  allowed,
});
