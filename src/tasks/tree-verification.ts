import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { HyperRunError, maskSecrets, type Isolation, type Oid, type StepResult, type Verification } from '#contracts';
import type { GitRepository } from '#git';
import {
  knownSetup,
  makeMountPoints,
  openTreeSpace,
  prepareSetup,
  removeTree,
  type SetupResult,
  type SpaceLimits,
  type SpaceOptions,
  type TreeSpace,
  verifyTree,
} from '#sandbox';
import { applyCandidate, verificationCheckout, withBaseFiles } from '#workspace';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { CONFIG, type Config } from '../config/config.js';
import { IsolationLevel, type Measured } from '../isolation/isolation-level.port.js';
import { Checkouts } from './checkouts.js';
import { openRegistryWay } from './registry-way.js';
import { setupCacheOf } from './setup-cache.js';

/** Output up to this is in the event as a whole; of more, the whole is kept as an artefact. */
const INLINE_BYTES = 8000;

/** Tests write more than agents do: builds, coverage, snapshots. */
const ROOM: SpaceLimits = { bytes: 2 * 2 ** 30, files: 300_000, scratchBytes: 1 << 30 };

export interface TreeRun {
  readonly repository: GitRepository;
  readonly base: Oid;
  readonly verification: Verification;
  /** Scratch folder of this job; what is made below it is removed again. */
  readonly directory: string;
  readonly signal: AbortSignal;
  /** Resolves when the next command may begin: not in a pause. */
  readonly gate?: () => Promise<void>;
  readonly onStep?: (step: StepResult) => void;
  /** The set-up asked for a host that the plan does not grant. */
  readonly onRefused?: (host: string) => void;
}

/** What there is to run, and how well it is confined: decided before anything runs. */
export interface Ground {
  readonly isolation: Isolation;
  readonly measured: Measured;
}

/** A tree, as the commands of a verification find it. */
interface TreeToRun {
  readonly treeish: Oid;
  readonly privateDirectory?: string;
  /** Files that are put back to what they are in the base. */
  readonly restore?: readonly string[];
}

/** Where a tree lies for one run. */
interface Laid {
  readonly directory: string | TreeSpace;
  /** @throws HyperRunError `sandbox.no-space`: what was run did not run on the tree */
  assertThere(): void;
  close(): Promise<void>;
}

/**
 * Runs the commands of a verification on a tree: a fresh overlay over the base that nobody else writes to (a copy of it where there
 * are no overlays), the base's set-up, no network.
 */
@Injectable()
export class TreeVerification {
  constructor(
    private readonly artifacts: ArtifactStore,
    private readonly isolation: IsolationLevel,
    private readonly checkouts: Checkouts,
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
    return { isolation: measured.level, measured };
  }

  /** What the set-up commands of the base make, from the cache where they ran before. */
  async setup(run: TreeRun, ground: Ground): Promise<SetupResult> {
    const { repository, base, verification, signal } = run;
    if (verification.setup.length === 0) return { steps: [], passed: true, reused: false, mounts: [], scratch: [] };
    const wanted = {
      files: (await repository.listFiles(base)).map(({ path }) => path),
      tree: await repository.treeOf(base),
      commands: verification.setup,
      cacheDirectory: setupCacheOf(repository),
      ...this.#registries(run),
    };
    const known = await this.#knownSetup(run, ground, wanted);
    if (known !== undefined) return known;
    const directory = join(run.directory, 'setup');
    try {
      await verificationCheckout({ repository, treeish: base, directory });
      return await prepareSetup({
        ...wanted,
        directory,
        timeoutSeconds: verification.timeoutSeconds,
        isolation: ground.isolation,
        bwrap: ground.measured.bwrap,
        signal,
        gate: run.gate,
        onStep: (step) => run.onStep?.({ ...step, output: { ...step.output, tail: maskSecrets(step.output.tail) } }),
      });
    } finally {
      await removeTree(directory);
    }
  }

  #registries({ verification, onRefused }: TreeRun): Pick<Parameters<typeof prepareSetup>[0], 'hosts' | 'openWay'> {
    const { setupNetwork, setupHosts = [] } = verification;
    const hosts = setupNetwork ? setupHosts : [];
    return { hosts, openWay: () => openRegistryWay(hosts, (host) => onRefused?.(host), this.config) };
  }

  /** The shared checkout of the base is enough to find out what was made before. */
  async #knownSetup(
    { repository, base }: TreeRun,
    { measured }: Ground,
    wanted: Omit<Parameters<typeof knownSetup>[0], 'directory'>,
  ): Promise<SetupResult | undefined> {
    if (measured.bwrap === undefined) return undefined;
    const held = await this.checkouts.hold(repository, base, measured.bwrap);
    try {
      return await knownSetup({ ...wanted, directory: held.directory });
    } finally {
      held.release();
    }
  }

  /** The steps of one run over a tree; `restore` puts the base's version of these files back first. */
  async steps(run: TreeRun, ground: Ground, setup: SetupResult, tree: TreeToRun): Promise<StepResult[]> {
    const { verification, signal } = run;
    const { bwrap, overlay } = ground.measured;
    const laid =
      bwrap === undefined
        ? await this.#checkOut(run, tree)
        : await this.#layOver(run, { bwrap, overlay, mounts: setup.mounts }, tree);
    try {
      const steps: StepResult[] = [];
      await verifyTree({
        directory: laid.directory,
        commands: verification.commands,
        timeoutSeconds: verification.timeoutSeconds,
        isolation: ground.isolation,
        bwrap,
        readOnly: setup.mounts,
        scratch: setup.scratch,
        signal,
        gate: run.gate,
        onStep: async (step, output) => {
          const whole = output.length > INLINE_BYTES ? maskSecrets(output.toString('utf8')) : undefined;
          const kept = whole === undefined ? {} : { artifact: await this.artifacts.putText(whole) };
          const told = { ...step, output: { ...step.output, tail: maskSecrets(step.output.tail), ...kept } };
          steps.push(told);
          run.onStep?.(told);
        },
      });
      laid.assertThere();
      return steps;
    } finally {
      await laid.close();
    }
  }

  /** The checkout of the base that all share stays as it is: what differs lies above it, and what commands write above that. */
  async #layOver(
    run: TreeRun,
    { bwrap, overlay, mounts }: Pick<SpaceOptions, 'bwrap' | 'overlay'> & Pick<SetupResult, 'mounts'>,
    tree: TreeToRun,
  ): Promise<Laid> {
    const { repository, base } = run;
    const directory = join(run.directory, 'verification');
    const held = await this.checkouts.hold(repository, base, bwrap);
    const prepare = async (folder: string) => {
      await applyCandidate({ repository, base, directory: folder, ...tree });
      if (tree.restore !== undefined) await withBaseFiles({ repository, base, directory: folder, paths: tree.restore });
      await makeMountPoints(folder, mounts);
    };
    try {
      await removeTree(directory);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const space = await openTreeSpace({ bwrap, overlay, lower: held.directory, directory, limits: ROOM, prepare });
      const close = async () => {
        await space.close();
        held.release();
        await removeTree(directory);
      };
      return { directory: space, assertThere: () => space.assertThere(), close };
    } catch (error) {
      held.release();
      await removeTree(directory);
      throw error;
    }
  }

  async #checkOut(run: TreeRun, tree: TreeToRun): Promise<Laid> {
    const { repository, base } = run;
    const directory = join(run.directory, 'checkout');
    await removeTree(directory);
    await verificationCheckout({ repository, directory, ...tree });
    if (tree.restore !== undefined) await withBaseFiles({ repository, base, directory, paths: tree.restore });
    return { directory, assertThere: () => undefined, close: () => removeTree(directory) };
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
