import { Injectable } from '@nestjs/common';
import { isHyperRunError } from '#contracts';
import { event } from '#domain';
import type { GitRepository } from '#git';
import { buildCandidate, compileScope, gate, type Candidate, type VirtualTree } from '#workspace';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { failpoint } from '../config/failpoint.js';
import { baseTerms } from '../strategist/base-terms.port.js';
import type { Attempt } from './attempt.js';
import { TaskFailure } from './task-failure.js';

/** A candidate that the gate let through, and the private directory that holds its objects. */
export interface Judged extends Candidate {
  readonly directory: string;
}

/** Makes a candidate of what the agent left, keeps its patch for ever, and holds it against the scope once more. */
@Injectable()
export class CandidateGate {
  constructor(private readonly artifacts: ArtifactStore) {}

  /** @throws TaskFailure `no-change`, `scope-violated` */
  async pass(attempt: Attempt, repository: GitRepository, tree: VirtualTree, directory: string): Promise<Judged> {
    const { attempt: number, spec } = attempt.claimed;
    const candidate = await buildCandidate({ repository, tree, directory }).catch((error: unknown) => {
      if (isHyperRunError(error, 'candidate.empty'))
        throw new TaskFailure('no-change', 'The agent changed nothing.', 'no-change');
      throw error;
    });
    failpoint('task.candidate-built');
    const patch = await this.artifacts.putText(candidate.patch);
    await attempt.outbox.record(
      event('task.candidate-collected', { attempt: number, tree: candidate.tree, files: [...candidate.files], patch }),
    );
    failpoint('task.candidate-collected');
    // Compiled anew: the gate takes nothing over from the scope that the agent's writes went through.
    const { protect } = await baseTerms(repository, spec.baseCommit);
    const scope = compileScope({ patterns: spec.scope, paths: spec.task.paths, grants: spec.grants, protect });
    const verdict = await gate({ repository, base: spec.baseCommit, candidateTree: candidate.tree, directory, scope });
    if (!verdict.ok) {
      const violations = verdict.violations
        .slice(0, 100)
        .map(({ path, rule }) => ({ path: path.slice(0, 2048), rule }));
      attempt.say(event('task.scope-violated', { attempt: number, stage: 'gate', violations }));
      const [first] = violations;
      throw new TaskFailure(
        'scope-violated',
        `The candidate reaches outside its scope: ${first?.path ?? ''} (${first?.rule ?? ''}).`,
      );
    }
    await attempt.outbox.record(
      event('task.gate-passed', { attempt: number, tree: candidate.tree, files: verdict.files }),
    );
    failpoint('task.gate-passed');
    return { ...candidate, directory };
  }
}
