// Which agent is to see to a finding. Pure.
import type { AgentKind } from '#agents';
import type { Finding, FindingSource } from '#contracts';

export type CrewMember = Pick<AgentKind, 'planned' | 'does'>;

/** A finding with the agent that is to see to it; `certain`: a fixer that knows the one right answer. */
export type Assigned = Finding & { readonly agent: string; readonly certain: boolean };

export interface Crew {
  /** By kind, in the order in which they are asked. */
  readonly agents: Readonly<Record<string, CrewMember>>;
  /** What the repository says in `.hyper-run.json`: kind of finding → kind of agent. */
  readonly preferred?: Readonly<Partial<Record<FindingSource, string>>>;
}

/**
 * The agent that the repository chose for this kind of finding, and no other; else the fixer that can do it for certain; else
 * the first agent that takes such findings. Undefined: it needs a model or a person.
 */
export const assign = (finding: Finding, { agents, preferred }: Crew): Assigned | undefined => {
  const { source, fixer } = finding;
  const takes = (kind: string) => agents[kind]?.does.includes(source) === true;
  const isFixer = (kind: string) => kind === fixer && Object.hasOwn(agents, kind);
  const wanted = preferred?.[source];
  const possible = wanted === undefined ? [...(fixer === undefined ? [] : [fixer]), ...Object.keys(agents)] : [wanted];
  const agent = possible.find((kind) => isFixer(kind) || takes(kind));
  return agent === undefined ? undefined : { ...finding, agent, certain: agent === fixer };
};
