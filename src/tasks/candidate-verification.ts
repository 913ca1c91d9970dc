import { Injectable } from '@nestjs/common';
import { event, isActive } from '#domain';
import type { GitRepository } from '#git';
import { LiveWorld } from '../world/live-world.port.js';
import type { Attempt } from './attempt.js';
import type { Judged } from './candidate-gate.js';
import { TaskFailure } from './task-failure.js';
import { TreeJudge, type Judgement } from './tree-judge.js';
import { TreeVerification } from './tree-verification.js';

/** Has the tree of a candidate judged, and tells of it run by run. */
@Injectable()
export class CandidateVerification {
  constructor(
    private readonly live: LiveWorld,
    private readonly trees: TreeVerification,
    private readonly judge: TreeJudge,
  ) {}

  /** @throws TaskFailure `verification-failed` */
  async pass(attempt: Attempt, repository: GitRepository, candidate: Judged, directory: string): Promise<void> {
    const { spec, attempt: number } = attempt.claimed;
    await attempt.gate();
    const ground = await this.trees.ground();
    const { isolation } = ground;
    const { tree } = candidate;
    const { weak } = spec.verification;
    const started = (run: number) =>
      event('task.verification-started', { attempt: number, run, tree, isolation, weak });
    attempt.say(started(1));
    const failure = await this.judge.failure(
      this.#judgement(attempt, repository, candidate, directory, started),
      ground,
    );
    if (failure === undefined) {
      const findingsGone = spec.task.evidence.length;
      await attempt.outbox.record(
        event('task.verification-passed', { attempt: number, tree, isolation, weak, findingsGone }),
      );
      return;
    }
    attempt.say(event('task.verification-failed', { attempt: number, tree, reason: failure.slice(0, 2000) }));
    throw new TaskFailure('verification-failed', failure);
  }

  #judgement(
    attempt: Attempt,
    repository: GitRepository,
    candidate: Judged,
    directory: string,
    started: (run: number) => Parameters<Attempt['say']>[0],
  ): Judgement {
    const { spec, attempt: number } = attempt.claimed;
    const sprint = this.live.world.sprints.get(spec.sprintId);
    let current = 1;
    return {
      run: {
        repository,
        base: spec.baseCommit,
        verification: spec.verification,
        directory,
        signal: attempt.signal,
        gate: () => attempt.gate(),
        onStep: (step) =>
          attempt.say(event('task.verification-step-finished', { attempt: number, run: current, step })),
        onRefused: (host) => attempt.say(refusedHost(attempt, host)),
      },
      tree: candidate.tree,
      privateDirectory: candidate.directory,
      files: candidate.files,
      paths: spec.task.paths,
      toGo: spec.task.evidence.map(({ findingId }) => findingId),
      ...(sprint !== undefined && isActive(sprint) && sprint.base !== undefined ? { base: sprint.base } : {}),
      before: async (run) => {
        await attempt.gate();
        current = run;
        if (run > 1) attempt.say(started(run));
      },
      during: (work) => attempt.during(work),
    };
  }
}

/** What was made for the base is there, as a rule: this tells of a set-up that had to be made again. */
const refusedHost = ({ claimed: { taskId, attempt, spec } }: Attempt, host: string) =>
  event('alert.raised', {
    alertId: `setup-${taskId}-${attempt}-${host}`.slice(0, 64),
    severity: 'warning',
    kind: 'setup-refused',
    text: `${spec.task.title}: the set-up asked for ${host}, which the plan does not grant.`,
  });
