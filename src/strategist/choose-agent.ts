// Which agent is to see to a finding. Pure.
import type { AgentKind } from '#agents';
import { MOST_FALLBACKS, type AgentChoice, type Finding, type FindingSource, type PlannedTask } from '#contracts';
import { chanceOf, noRecords, recordOf, type AgentRecords } from '#domain';

export type CrewMember = Pick<AgentKind, 'planned' | 'does'>;

/** A finding with the agent that is to see to it; `certain`: a fixer that knows the one right answer. */
export type Assigned = Finding & { readonly agent: string; readonly certain: boolean };

export interface Crew {
  /** By kind, in the order in which they are asked. */
  readonly agents: Readonly<Record<string, CrewMember>>;
  /** What the repository says in `.hyper-run.json`: kind of finding → kind of agent. */
  readonly preferred?: Readonly<Partial<Record<FindingSource, string>>>;
  /** Kinds of agents that may take over from others, in this order; absent: none. */
  readonly fallbacks?: readonly string[];
  /** What is known of their success; absent: nothing. */
  readonly records?: AgentRecords;
}

/** Those that can see to it, the one that is asked first: a fixer that is certain, then by their chance of success. */
const candidates = (finding: Pick<Finding, 'source' | 'fixer'>, { agents, records = noRecords }: Crew): string[] => {
  const { source, fixer } = finding;
  const chance = (kind: string) => chanceOf(recordOf(records, kind, source));
  const takers = Object.keys(agents)
    .filter((kind) => kind !== fixer && agents[kind]?.does.includes(source) === true)
    .toSorted((a, b) => chance(b) - chance(a));
  return fixer !== undefined && Object.hasOwn(agents, fixer) ? [fixer, ...takers] : takers;
};

/**
 * The agent that the repository chose for this kind of finding, and no other; else the fixer that can do it for certain; else
 * of those that take such findings the one with the best record, and among equals the first. Undefined: it needs a model
 * or a person.
 */
export const assign = (finding: Finding, crew: Crew): Assigned | undefined => {
  const wanted = crew.preferred?.[finding.source];
  const agent = candidates(finding, crew).find((kind) => wanted === undefined || kind === wanted);
  return agent === undefined ? undefined : { ...finding, agent, certain: agent === finding.fixer };
};

/** Who of those that take such findings may take a task over from this agent; absent where nobody may. */
export const fallbacksOf = (
  kind: FindingSource,
  agent: string,
  { agents, fallbacks = [] }: Crew,
): Pick<PlannedTask, 'fallbacks'> => {
  const takers = [...new Set(fallbacks)].filter((one) => one !== agent && agents[one]?.does.includes(kind) === true);
  return takers.length === 0 ? {} : { fallbacks: takers.slice(0, MOST_FALLBACKS) };
};

/** Why this agent, and how often each of those that could do it has done so before. */
export const choiceOf = (
  { kind, agent, certain }: { readonly kind: FindingSource; readonly agent: string; readonly certain: boolean },
  crew: Crew,
): AgentChoice => {
  const possible = candidates({ source: kind, ...(certain ? { fixer: agent } : {}) }, crew);
  const { records = noRecords } = crew;
  const told = [agent, ...possible.filter((one) => one !== agent)].map((one) => {
    const { passed, tried } = recordOf(records, one, kind);
    return { agent: one, passed, tried };
  });
  return { why: whyOf(kind, certain, told, crew.preferred?.[kind] === agent), candidates: told.slice(0, MOST_SHOWN) };
};

const MOST_SHOWN = 20;

const whyOf = (
  kind: FindingSource,
  certain: boolean,
  [chosen, ...others]: AgentChoice['candidates'],
  preferred: boolean,
): string => {
  if (preferred) return `.hyper-run.json chooses it for ${kind}.`;
  if (certain) return 'It repairs these for certain, without a model.';
  const rates = others.map(({ agent, passed, tried }) => `${agent} ${passed} of ${tried}`).join(', ');
  const than = others.length === 0 ? 'no other agent here takes them' : `the others: ${rates}`;
  return `It solved ${chosen?.passed ?? 0} of ${chosen?.tried ?? 0} tasks of this kind so far; ${than}.`.slice(0, 600);
};
