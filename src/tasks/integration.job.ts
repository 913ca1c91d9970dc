import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { SprintId, WorkerId } from '#contracts';
import { isIntegrating, type Completed, type SprintCommand, type World } from '#domain';
import { GitRepository } from '#git';
import { removeTree } from '#sandbox';
import { CONFIG, type Config } from '../config/config.js';
import { failpoint } from '../config/failpoint.js';
import { LiveWorld } from '../world/live-world.port.js';
import { SprintDecisions } from '../world/sprint-decisions.port.js';
import { IntegrationPublisher } from './integration-publisher.js';
import { Integrator } from './integrator.js';
import { DROPPED, type Job, type JobContext, type JobSource } from './job.port.js';
import { NotIntegrated } from './not-integrated.js';

/** Completed sprints whose passed tasks somebody wants as one branch, and branches whose making has to be carried on. */
@Injectable()
export class IntegrationJobs implements JobSource {
  constructor(
    private readonly live: LiveWorld,
    private readonly decisions: SprintDecisions,
    private readonly integrator: Integrator,
    private readonly publisher: IntegrationPublisher,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  jobs(world: World): readonly Job[] {
    return [...world.sprints.values()].flatMap((state) =>
      state.status === 'completed' && isIntegrating(state.integration) && state.integration.job.claim === undefined
        ? [{ key: `integration ${state.sprintId}`, run: (context: JobContext) => this.#run(state.sprintId, context) }]
        : [],
    );
  }

  held(world: World, worker: WorkerId): readonly Job[] {
    const given = { type: 'interrupt-integration', worker, reason: DROPPED } as const;
    return [...world.sprints.values()].flatMap((state) =>
      state.status === 'completed' && isIntegrating(state.integration) && state.integration.job.claim?.worker === worker
        ? [{ key: `integration ${state.sprintId}`, run: () => this.decisions.byWorker(worker, state.sprintId, given) }]
        : [],
    );
  }

  async #run(sprintId: SprintId, context: JobContext): Promise<void> {
    const { worker } = context;
    const decide = (command: SprintCommand) => this.decisions.byWorker(worker, sprintId, command);
    await decide({ type: 'claim-integration', worker });
    failpoint('integration.claimed');
    const wanted = this.#whileWanted(sprintId);
    try {
      await this.#carryOut(sprintId, { ...context, signal: AbortSignal.any([context.signal, wanted.signal]) });
    } catch (error) {
      if (wanted.signal.aborted) return;
      if (context.signal.aborted)
        return decide({ type: 'interrupt-integration', worker, reason: 'Its worker shut down.' });
      const failure = NotIntegrated.from(error);
      if (failure !== undefined) return decide({ type: 'fail-integration', worker, failure });
      const reason = (error instanceof Error ? error.message : String(error)).slice(0, 2000);
      await decide({ type: 'interrupt-integration', worker, reason });
      throw error;
    } finally {
      wanted.forget();
    }
  }

  /** Aborts when somebody cancels it: nobody waits for minutes of tests whose answer is of no use. */
  #whileWanted(sprintId: SprintId): { readonly signal: AbortSignal; readonly forget: () => void } {
    const over = new AbortController();
    const look = () => {
      const now = this.live.world.sprints.get(sprintId);
      if (now?.status !== 'completed' || !isIntegrating(now.integration)) over.abort();
    };
    const forget = this.live.onChange(look);
    look();
    return { signal: over.signal, forget };
  }

  async #carryOut(sprintId: SprintId, { worker, signal }: JobContext): Promise<void> {
    const state = this.live.world.sprints.get(sprintId);
    if (state?.status !== 'completed') return;
    const { integration, plan } = state;
    const repository = await GitRepository.open(plan.repository.path);
    try {
      const decided =
        integration?.status === 'publishing'
          ? integration.decided
          : await this.#decide(state, repository, worker, signal);
      await this.publisher.publish(repository, decided);
      failpoint('integration.published');
      await this.decisions.byWorker(worker, sprintId, { type: 'record-integrated', worker });
    } finally {
      repository.close();
    }
  }

  async #decide(state: Completed, repository: GitRepository, worker: JobContext['worker'], signal: AbortSignal) {
    const directory = join(this.config.dataDirectory, 'work', worker, `integration-${state.sprintId}`);
    try {
      await removeTree(directory);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const whole = await this.integrator.make({ state, repository, directory, signal });
      return await this.publisher.decide(state, repository, whole, worker);
    } finally {
      await removeTree(directory);
    }
  }
}
