import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { isHyperRunError, type EventData, type SprintId, type WorkerId } from '#contracts';
import { isActive, type Active, type World } from '#domain';
import { GitRepository } from '#git';
import { removeTree } from '#sandbox';
import { KnownBases } from '../artifacts/known-bases.port.js';
import { CONFIG, type Config } from '../config/config.js';
import { failpoint } from '../config/failpoint.js';
import { LiveWorld } from '../world/live-world.port.js';
import { SprintDecisions } from '../world/sprint-decisions.port.js';
import { DROPPED, type Job, type JobContext, type JobSource } from './job.port.js';
import { failureOf, TreeVerification, type TreeRun } from './tree-verification.js';

type Base = EventData<'sprint.base-verified'>;

/** Before anything is changed: does the base pass its own verification? Asked once per tree, commands and set-up. */
@Injectable()
export class BaseVerificationJobs implements JobSource {
  constructor(
    private readonly live: LiveWorld,
    private readonly decisions: SprintDecisions,
    private readonly trees: TreeVerification,
    private readonly bases: KnownBases,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  jobs(world: World): readonly Job[] {
    return [...world.sprints.values()].flatMap((state) => {
      const waits =
        isActive(state) && state.status === 'approved' && state.base === undefined && state.baseJob.claim === undefined;
      return waits ? [{ key: `base ${state.sprintId}`, run: (context: JobContext) => this.#run(state, context) }] : [];
    });
  }

  held(world: World, worker: WorkerId): readonly Job[] {
    const given = { type: 'interrupt-base-verification', worker, reason: DROPPED } as const;
    return [...world.sprints.values()].flatMap((state) =>
      isActive(state) && state.baseJob.claim?.worker === worker
        ? [{ key: `base ${state.sprintId}`, run: () => this.decisions.byWorker(worker, state.sprintId, given) }]
        : [],
    );
  }

  async #run(state: Active, context: JobContext): Promise<void> {
    const { sprintId } = state;
    await this.decisions.byWorker(context.worker, sprintId, {
      type: 'claim-base-verification',
      worker: context.worker,
    });
    failpoint('base.claimed');
    const wanted = this.#whileWanted(sprintId);
    const signal = AbortSignal.any([context.signal, wanted.signal]);
    try {
      const base = await this.#verify(state, { ...context, signal });
      failpoint('base.before-record');
      await this.decisions.byWorker(context.worker, sprintId, { type: 'record-base', worker: context.worker, base });
    } catch (error) {
      if (wanted.signal.aborted) return;
      const reason = context.signal.aborted
        ? 'Its worker shut down.'
        : error instanceof Error
          ? error.message
          : String(error);
      await this.decisions.byWorker(context.worker, sprintId, {
        type: 'interrupt-base-verification',
        worker: context.worker,
        reason: reason.slice(0, 2000),
      });
      if (!context.signal.aborted) throw error;
    } finally {
      wanted.forget();
    }
  }

  /** Aborts when the sprint is cancelled: nobody waits for minutes of tests whose answer is of no use. */
  #whileWanted(sprintId: SprintId): { readonly signal: AbortSignal; readonly forget: () => void } {
    const over = new AbortController();
    const look = () => {
      const now = this.live.world.sprints.get(sprintId);
      if (now === undefined || !isActive(now) || now.status === 'cancelling') over.abort();
    };
    const forget = this.live.onChange(look);
    look();
    return { signal: over.signal, forget };
  }

  /** What runs comes to its end; nothing new begins in a pause. */
  async #unpaused(sprintId: SprintId, signal: AbortSignal): Promise<void> {
    const goesOn = ({ sprints }: World) => !['pausing', 'paused'].includes(sprints.get(sprintId)?.status ?? 'absent');
    await this.live.until(goesOn, signal);
  }

  async #verify(state: Active, context: JobContext): Promise<Base> {
    const { plan, sprintId } = state;
    const repository = await GitRepository.open(plan.repository.path);
    const directory = join(this.config.dataDirectory, 'work', context.worker, sprintId);
    try {
      const tree = await repository.treeOf(plan.baseCommit);
      const { weak } = plan.verification;
      if (weak) return { outcome: 'passed', tree, isolation: 'none', weak, reused: false, steps: [] };
      const ground = await this.trees.ground().catch((error: unknown) => {
        if (isHyperRunError(error, 'sandbox.none')) return error;
        throw error;
      });
      if ('code' in ground)
        return { outcome: 'missing', reason: ground.message, tree, isolation: 'none', weak, reused: false, steps: [] };
      const known = await this.bases.find(tree, plan.verification);
      if (known !== undefined && known.isolation === ground.isolation) return { ...known, reused: true };
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const refusedHosts: string[] = [];
      const run: TreeRun = {
        repository,
        base: plan.baseCommit,
        verification: plan.verification,
        directory,
        signal: context.signal,
        gate: () => this.#unpaused(sprintId, context.signal),
        onRefused: (host) => refusedHosts.push(host),
      };
      const setup = await this.trees.setup(run, ground);
      const told = refusedHosts.length === 0 ? {} : { refusedHosts };
      const common = { tree, isolation: ground.isolation, weak, reused: false, ...told };
      if (!setup.passed) {
        const reason = `The set-up failed: ${failureOf(setup.steps, plan.verification.setup.length) ?? ''}${hintOf(state, refusedHosts)}`;
        return { ...common, outcome: 'failed', reason, steps: [...setup.steps] };
      }
      const steps = await this.trees.steps(run, ground, setup, { treeish: plan.baseCommit });
      const reason = failureOf(steps, plan.verification.commands.length);
      if (reason !== undefined) return { ...common, outcome: 'failed', reason, steps };
      const base: Base = { ...common, outcome: 'passed', steps };
      await this.bases.remember(base, plan.verification);
      return base;
    } finally {
      repository.close();
      await removeTree(directory);
    }
  }
}

const hintOf = ({ plan: { verification } }: Active, refused: readonly string[]): string => {
  const { setupNetwork, setupHosts = [] } = verification;
  if (!setupNetwork) return ' It had no network; grant it in the plan if it needs one.';
  const needed = 'name what it needs in setupHosts of .hyper-run.json, and ask for a new plan.';
  if (setupHosts.length === 0) return ` The plan grants it no host: ${needed}`;
  return refused.length === 0 ? '' : ` It asked for ${refused.join(', ')}, which the plan does not grant: ${needed}`;
};
