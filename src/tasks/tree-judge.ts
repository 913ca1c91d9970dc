import { Injectable } from '@nestjs/common';
import type { EventData, FileChange, Oid } from '#contracts';
import { analyseFiles, compareFindings, isTestPath, memoryCache } from '#findings';
import { commitTree } from '#workspace';
import { baseTerms } from '../strategist/base-terms.port.js';
import { judgeSteps } from './judge-steps.js';
import { failureOf, TreeVerification, type Ground, type TreeRun } from './tree-verification.js';

/** How often a failing run is made again: a test that fails now and then must not decide alone. Both are recorded. */
const RUNS = 2;

/** A tree that was made from a base, and what is expected of it. */
export interface Judgement {
  readonly run: TreeRun;
  readonly tree: Oid;
  /** Where its objects lie. */
  readonly privateDirectory: string;
  readonly files: readonly FileChange[];
  /** What whoever made it was given to change. */
  readonly paths: readonly string[];
  /** Findings that have to be gone. */
  readonly toGo: readonly string[];
  /** How the base itself did. */
  readonly base?: EventData<'sprint.base-verified'>;
  /** Called before each run of the commands, counted from 1. */
  readonly before?: (run: number) => Promise<void>;
  /** Waits for what works. */
  readonly during?: <T>(work: Promise<T>) => Promise<T>;
}

/** Judges a tree by the base's measures: its findings gone, none added, and the base's own commands and tests green. */
@Injectable()
export class TreeJudge {
  constructor(private readonly trees: TreeVerification) {}

  /** Why it is not good enough; undefined when it is. */
  async failure(judged: Judgement, ground: Ground): Promise<string | undefined> {
    const failure = await this.#findings(judged);
    return failure ?? (judged.run.verification.weak ? undefined : this.#commands(judged, ground));
  }

  async #findings({ run, tree, privateDirectory, files, paths, toGo }: Judgement): Promise<string | undefined> {
    const { repository, base, signal } = run;
    const { unreadable } = await baseTerms(repository, base);
    const options = { cache: memoryCache(), unreadable, signal };
    const looked = [...new Set([...files.map((file) => file.path), ...paths])];
    const objects = repository.withPrivateObjects(privateDirectory);
    try {
      const before = await analyseFiles(await commitTree(repository.objects, base), looked, options);
      const after = await analyseFiles(await commitTree(objects, tree), looked, options);
      const broken = after.skipped.find((one) => !before.skipped.some(({ reason }) => reason === one.reason));
      if (broken !== undefined) return `It cannot be analysed any more: ${broken.reason}`;
      const { remaining, added } = compareFindings(before.findings, after.findings, toGo);
      const [left] = remaining;
      const [fresh] = added;
      if (left !== undefined) return `${remaining.length} of ${toGo.length} findings are still there: ${placeOf(left)}`;
      return fresh === undefined ? undefined : `It added ${added.length} findings: ${placeOf(fresh)}`;
    } finally {
      objects.close();
    }
  }

  async #commands(judged: Judgement, ground: Ground): Promise<string | undefined> {
    const { run, files, during = (work) => work } = judged;
    const setup = await during(this.trees.setup(run, ground));
    if (!setup.passed) return `The set-up failed: ${failureOf(setup.steps, run.verification.setup.length) ?? ''}`;
    const touchedTests = files.filter((file) => isTestPath(file.path)).map((file) => file.path);
    // Judged by the base's tests; where the candidate touches tests, by its own as well.
    const judgements = touchedTests.length === 0 ? [undefined] : [touchedTests, undefined];
    let count = 0;
    for (const restore of judgements) {
      let failure: string | undefined;
      for (let tried = 1; tried <= RUNS; tried += 1) {
        await judged.before?.((count += 1));
        const tree = {
          treeish: judged.tree,
          privateDirectory: judged.privateDirectory,
          ...(restore === undefined ? {} : { restore }),
        };
        const steps = await during(this.trees.steps(run, ground, setup, tree));
        failure = judgeSteps(steps, run.verification.commands.length, judged.base);
        if (failure === undefined) break;
      }
      if (failure !== undefined) return failure;
    }
    return undefined;
  }
}

const placeOf = ({ path, range, message }: { path: string; range: { startLine: number }; message: string }) =>
  `${path}:${range.startLine} ${message}`;
