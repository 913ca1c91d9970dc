// How well a repository is kept, in four levels. Each is a set of conditions that anyone can check against a plan.
import type { SprintView } from '../api/views.js';

export interface Condition {
  readonly text: string;
  readonly met: boolean;
}

export interface Level {
  readonly level: 1 | 2 | 3 | 4;
  readonly name: string;
  readonly conditions: readonly Condition[];
}

type Measured = Pick<SprintView, 'plan' | 'base'>;

const count = (found: number, what: string): Condition => ({
  text: found === 0 ? `no ${what}` : `no ${what} (${found} now)`,
  met: found === 0,
});

/** The conditions of each level, measured at the base of a sprint. */
export const levelsOf = ({ plan, base }: Measured): readonly Level[] => {
  if (plan === undefined) return [];
  const { findings, verification, knownBase } = plan;
  const outcome = base?.outcome ?? knownBase?.outcome;
  const certain = Math.max(0, findings.inScope - findings.needModel);
  const by = (source: string) => findings.bySource[source]?.total ?? 0;
  return [
    { level: 1, name: 'Known', conditions: [{ text: 'the whole repository was scanned', met: true }] },
    {
      level: 2,
      name: 'Green',
      conditions: [
        { text: 'it has verification commands of its own', met: !verification.weak },
        {
          text: outcome === undefined ? 'they pass on the base commit (not run yet)' : 'they pass on the base commit',
          met: outcome === 'passed' && !verification.weak,
        },
      ],
    },
    {
      level: 3,
      name: 'Tidy',
      conditions: [
        count(certain, 'finding in scope that the built-in agents can mend for certain'),
        count(by('links'), 'broken link anywhere'),
      ],
    },
    {
      level: 4,
      name: 'Shining',
      conditions: [
        count(findings.inScope, 'finding in scope'),
        count(by('lint'), 'lint error anywhere'),
        count(by('coverage'), 'file of low coverage'),
      ],
    },
  ];
};

/** The highest level whose conditions are met together with those of all below; 0: it was never scanned. */
export const reached = (levels: readonly Level[]): number => {
  const missed = levels.findIndex(({ conditions }) => conditions.some(({ met }) => !met));
  return missed < 0 ? levels.length : missed;
};
