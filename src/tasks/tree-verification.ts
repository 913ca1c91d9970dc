import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { HyperRunError, maskSecrets, type Isolation, type Oid, type StepResult, type Verification } from '#contracts';
import type { GitRepository } from '#git';
import { prepareSetup, removeTree, verifyTree, type SetupResult } from '#sandbox';
import { verificationCheckout, withBaseFiles } from '#workspace';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { CONFIG, type Config } from '../config/config.js';
import { IsolationLevel, type Measured } from '../isolation/isolation-level.port.js';
import { openRegistryWay } from './registry-way.js';
import { setupCacheOf } from './setup-cache.js';

/** Output up to this is in the event as a whole; of more, the whole is kept as an artefact. */
const INLINE_BYTES = 8000;

export interface TreeRun {
  readonly repository: GitRepository;
  readonly base: Oid;
  readonly verification: Verification;
  /** Scratch folder of this job; a checkout below it is made and removed again. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly onStep?: (step: StepResult) => void;
  /** The set-up asked for a host that the plan does not grant. */
  readonly onRefused?: (host: string) => void;
}

/** What there is to run, and how well it is confined: decided before anything runs. */
export interface Ground {
  readonly isolation: Isolation;
  readonly measured: Measured;
}

/** Runs the commands of a verification on a tree: a checkout of its own, the base's set-up, no network. */
@Injectable()
export class TreeVerification {
  constructor(
    private readonly artifacts: ArtifactStore,
    private readonly isolation: IsolationLevel,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws HyperRunError `sandbox.none` where nothing confines and the operator has not allowed that */
  async ground(): Promise<Ground> {
    const measured = await this.isolation.measured();
    if (measured.level === 'none' && !this.config.allowUnconfined)
      throw new HyperRunError(
        'sandbox.none',
        `Commands of a repository run only in a sandbox, and there is none: ${measured.why} Install bubblewrap, or take the risk with HYPER_RUN_ALLOW_UNCONFINED=true.`,
        {},
        'operator',
      );
    return { isolation: measured.level === 'none' ? 'none' : 'bwrap', measured };
  }

  /** What the set-up commands of the base make, from the cache where they ran before. */
  async setup(run: TreeRun, ground: Ground): Promise<SetupResult> {
    const { repository, base, verification, signal } = run;
    if (verification.setup.length === 0) return { steps: [], passed: true, reused: false, mounts: [], scratch: [] };
    const directory = join(run.directory, 'setup');
    try {
      await verificationCheckout({ repository, treeish: base, directory });
      const files = (await repository.listFiles(base)).map(({ path }) => path);
      const setup = await prepareSetup({
        directory,
        files,
        tree: await repository.treeOf(base),
        commands: verification.setup,
        cacheDirectory: setupCacheOf(repository),
        ...this.#registries(run),
        timeoutSeconds: verification.timeoutSeconds,
        isolation: ground.isolation,
        bwrap: ground.measured.bwrap,
        signal,
        onStep: (step) => run.onStep?.({ ...step, output: { ...step.output, tail: maskSecrets(step.output.tail) } }),
      });
      return setup;
    } finally {
      await removeTree(directory);
    }
  }

  #registries({ verification, onRefused }: TreeRun): Pick<Parameters<typeof prepareSetup>[0], 'hosts' | 'openWay'> {
    const { setupNetwork, setupHosts = [] } = verification;
    const hosts = setupNetwork ? setupHosts : [];
    return { hosts, openWay: () => openRegistryWay(hosts, (host) => onRefused?.(host), this.config) };
  }

  /** The steps of one run over a tree; `restore` puts the base's version of these files back first. */
  async steps(
    run: TreeRun,
    ground: Ground,
    setup: SetupResult,
    tree: { readonly treeish: Oid; readonly privateDirectory?: string; readonly restore?: readonly string[] },
  ): Promise<StepResult[]> {
    const { repository, base, verification, signal } = run;
    const directory = join(run.directory, 'checkout');
    try {
      await removeTree(directory);
      await verificationCheckout({ repository, directory, ...tree });
      if (tree.restore !== undefined) await withBaseFiles({ repository, base, directory, paths: tree.restore });
      const steps: StepResult[] = [];
      await verifyTree({
        directory,
        commands: verification.commands,
        timeoutSeconds: verification.timeoutSeconds,
        isolation: ground.isolation,
        bwrap: ground.measured.bwrap,
        readOnly: setup.mounts,
        scratch: setup.scratch,
        signal,
        onStep: async (step, output) => {
          const whole = output.length > INLINE_BYTES ? maskSecrets(output.toString('utf8')) : undefined;
          const kept = whole === undefined ? {} : { artifact: await this.artifacts.putText(whole) };
          const told = { ...step, output: { ...step.output, tail: maskSecrets(step.output.tail), ...kept } };
          steps.push(told);
          run.onStep?.(told);
        },
      });
      return steps;
    } finally {
      await removeTree(directory);
    }
  }
}

/** Why a run did not pass, or undefined. */
export const failureOf = (steps: readonly StepResult[], commands: number): string | undefined => {
  const failed = steps.find((step) => step.outcome !== 'passed');
  if (failed === undefined) return steps.length < commands ? 'Not every command was run.' : undefined;
  const how: Record<StepResult['outcome'], string> = {
    passed: 'passed',
    failed: `failed with exit code ${failed.exitCode ?? 'none'}`,
    'timed-out': `was not done in time, that is within ${Math.round(failed.durationMs / 1000)} s (HYPER_RUN_VERIFY_SECONDS sets the limit)`,
    'could-not-start': 'could not start',
  };
  const tests =
    failed.tests === undefined
      ? ''
      : ` (${failed.tests.failed} of ${failed.tests.passed + failed.tests.failed} tests failed)`;
  return `"${failed.command}" ${how[failed.outcome]}${tests}.`;
};
