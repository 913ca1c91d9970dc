import { Injectable } from '@nestjs/common';
import type { StepResult } from '#contracts';
import { event, isActive } from '#domain';
import { analyseFiles, compareFindings, isTestPath, memoryCache } from '#findings';
import type { GitRepository } from '#git';
import { commitTree } from '#workspace';
import { LiveWorld } from '../world/live-world.port.js';
import type { Attempt } from './attempt.js';
import { baseTerms } from '../strategist/base-terms.port.js';
import type { Judged } from './candidate-gate.js';
import { judgeSteps } from './judge-steps.js';
import { TaskFailure } from './task-failure.js';
import { failureOf, TreeVerification, type Ground, type TreeRun } from './tree-verification.js';

/** How often a failing run is made again: a test that fails now and then must not decide alone. Both are recorded. */
const RUNS = 2;

/** Judges the tree of a candidate: its findings gone, none added, and the base's own commands and tests green. */
@Injectable()
export class CandidateVerification {
  constructor(
    private readonly live: LiveWorld,
    private readonly trees: TreeVerification,
  ) {}

  /** @throws TaskFailure `verification-failed` */
  async pass(attempt: Attempt, repository: GitRepository, candidate: Judged, directory: string): Promise<void> {
    const { spec, attempt: number } = attempt.claimed;
    await attempt.gate();
    const ground = await this.trees.ground();
    const { weak } = spec.verification;
    const started = (run: number) =>
      event('task.verification-started', {
        attempt: number,
        run,
        tree: candidate.tree,
        isolation: ground.isolation,
        weak,
      });
    attempt.say(started(1));
    try {
      const findingsGone = await this.#compareFindings(attempt, repository, candidate);
      if (!weak) await this.#runCommands(attempt, repository, candidate, directory, ground, started);
      await attempt.outbox.record(
        event('task.verification-passed', {
          attempt: number,
          tree: candidate.tree,
          isolation: ground.isolation,
          weak,
          findingsGone,
        }),
      );
    } catch (error) {
      if (error instanceof TaskFailure)
        attempt.say(
          event('task.verification-failed', {
            attempt: number,
            tree: candidate.tree,
            reason: error.message.slice(0, 2000),
          }),
        );
      throw error;
    }
  }

  async #compareFindings(attempt: Attempt, repository: GitRepository, candidate: Judged): Promise<number> {
    const { spec } = attempt.claimed;
    const { unreadable } = await baseTerms(repository, spec.baseCommit);
    const paths = candidate.files.map((file) => file.path);
    const options = { cache: memoryCache(), unreadable, signal: attempt.signal };
    const toGo = spec.task.evidence.map((evidence) => evidence.findingId);
    const objects = repository.withPrivateObjects(candidate.directory);
    try {
      const looked = [...new Set([...paths, ...spec.task.paths])];
      const before = await analyseFiles(await commitTree(repository.objects, spec.baseCommit), looked, options);
      const after = await analyseFiles(await commitTree(objects, candidate.tree), looked, options);
      const broken = after.skipped.find((one) => !before.skipped.some(({ reason }) => reason === one.reason));
      if (broken !== undefined)
        throw new TaskFailure('verification-failed', `It cannot be analysed any more: ${broken.reason}`);
      const { remaining, added } = compareFindings(before.findings, after.findings, toGo);
      const [left] = remaining;
      const [fresh] = added;
      if (left !== undefined)
        throw new TaskFailure(
          'verification-failed',
          `${remaining.length} of ${toGo.length} findings are still there: ${placeOf(left)}`,
        );
      if (fresh !== undefined)
        throw new TaskFailure('verification-failed', `It added ${added.length} findings: ${placeOf(fresh)}`);
      return toGo.length;
    } finally {
      objects.close();
    }
  }

  async #runCommands(
    attempt: Attempt,
    repository: GitRepository,
    candidate: Judged,
    directory: string,
    ground: Ground,
    started: (run: number) => Parameters<Attempt['say']>[0],
  ): Promise<void> {
    const { spec, attempt: number } = attempt.claimed;
    const { verification, baseCommit } = spec;
    let current = 1;
    const run: TreeRun = {
      repository,
      base: baseCommit,
      verification,
      directory,
      signal: attempt.signal,
      onStep: (step) => attempt.say(event('task.verification-step-finished', { attempt: number, run: current, step })),
    };
    const setup = await attempt.during(this.trees.setup(run, ground));
    if (!setup.passed)
      throw new TaskFailure(
        'verification-failed',
        `The set-up failed: ${failureOf(setup.steps, verification.setup.length) ?? ''}`,
      );
    const touchedTests = candidate.files.filter((file) => isTestPath(file.path)).map((file) => file.path);
    // Judged by the base's tests; where the candidate touches tests, by its own as well.
    const judgements = touchedTests.length === 0 ? [undefined] : [touchedTests, undefined];
    for (const restore of judgements) {
      let failure: string | undefined;
      for (let tried = 1; tried <= RUNS; tried += 1) {
        await attempt.gate();
        if (current > 1) attempt.say(started(current));
        const tree = {
          treeish: candidate.tree,
          privateDirectory: candidate.directory,
          ...(restore === undefined ? {} : { restore }),
        };
        const steps = await attempt.during(this.trees.steps(run, ground, setup, tree));
        failure = this.#judge(attempt, steps);
        current += 1;
        if (failure === undefined) break;
      }
      if (failure !== undefined) throw new TaskFailure('verification-failed', failure);
    }
  }

  /** Why a run is not good enough, measured by how the base did; undefined when it is. */
  #judge(attempt: Attempt, steps: readonly StepResult[]): string | undefined {
    const { spec } = attempt.claimed;
    const sprint = this.live.world.sprints.get(spec.sprintId);
    const base = sprint !== undefined && isActive(sprint) ? sprint.base : undefined;
    return judgeSteps(steps, spec.verification.commands.length, base);
  }
}

const placeOf = ({ path, range, message }: { path: string; range: { startLine: number }; message: string }) =>
  `${path}:${range.startLine} ${message}`;
