import { Inject, Injectable } from '@nestjs/common';
import { isHyperRunError, sprintStream, taskStream, type SealedHead, type WorkerId } from '#contracts';
import { sprint, type Completed, type IntegrationDecided } from '#domain';
import { commandHash, type EventStore } from '#event-store';
import type { GitRepository } from '#git';
import { sealStream, trailerOf } from '#seal';
import { branchOfSprint, commitCandidate, publish } from '#workspace';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { failpoint } from '../config/failpoint.js';
import { EVENT_STORE } from '../log/log.port.js';
import { foldUntil } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { AUTHOR, oneLine } from './commit-words.js';
import type { PassedTask, Whole } from './integrator.js';

/** From merged and verified tasks to a branch. Once `integration-decided` is written it goes only forward. */
@Injectable()
export class IntegrationPublisher {
  constructor(
    private readonly live: LiveWorld,
    private readonly artifacts: ArtifactStore,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  /**
   * Makes the commit, with the seals of the sprint and of its tasks in its trailer, puts its pack on disk, and decides to
   * publish it at exactly the version that was sealed. When somebody wrote in between, it is sealed anew.
   * @throws HyperRunError `job.lost`, `job.gone`
   */
  async decide(
    state: Completed,
    repository: GitRepository,
    whole: Whole,
    worker: WorkerId,
  ): Promise<IntegrationDecided> {
    for (;;) {
      const decided = await this.#seal(state, repository, whole);
      failpoint('integration.pack-stored');
      if (!(await this.#append(state, decided, worker))) continue;
      failpoint('integration.decided');
      return decided;
    }
  }

  /** May be called again. @throws HyperRunError `publish.*` when git would not take it, which is the end of it */
  async publish(repository: GitRepository, { pack, commit, branch }: IntegrationDecided): Promise<void> {
    await publish({ repository, pack: await this.artifacts.get(pack), commit, branch });
  }

  async #seal(state: Completed, repository: GitRepository, whole: Whole): Promise<IntegrationDecided> {
    const { sprintId, plan, integration } = state;
    const { tasks, tree, objects, files, merged, isolation, weak, steps } = whole;
    const stream = sprintStream(sprintId);
    const sealed = await sealStream(stream, this.store.readBytes(stream));
    const time = (await this.store.read(stream)).at(sealed.version - 1)?.time ?? 0;
    const { commit, pack } = await commitCandidate({
      repository,
      directory: objects,
      tree,
      parents: [plan.baseCommit, ...tasks.map((one) => one.commit)],
      message: messageOf(state, tasks, sealed),
      author: AUTHOR,
      time,
    });
    failpoint('integration.commit-made');
    return {
      attempt: integration !== undefined && 'job' in integration ? integration.job.attempts : 1,
      branch: branchOfSprint(sprintId),
      commit,
      tree,
      taskIds: tasks.map(({ taskId }) => taskId),
      files: [...files],
      merged: merged.map(({ path, taskIds }) => ({ path, taskIds: [...taskIds] })),
      isolation,
      weak,
      steps: [...steps],
      pack: await this.artifacts.put(pack),
      sealed,
    };
  }

  /** Whether it was written; not, when the stream went on since it was sealed. */
  async #append({ sprintId }: Completed, decided: IntegrationDecided, worker: WorkerId): Promise<boolean> {
    const { stream, version } = decided.sealed;
    const recorded = await this.store.read(stream);
    if (recorded.length !== version) return false;
    const events = sprint.decide({ type: 'decide-integration', worker, decided }, foldUntil(sprint, recorded));
    try {
      const { position } = await this.store.append({
        commandId: `integrate/${sprintId}/${version}`,
        commandHash: commandHash(decided),
        actor: `worker:${worker}`,
        writes: [{ stream, guard: { kind: 'exact', version }, subjects: { sprintId }, events }],
      });
      await this.live.reached(position);
      return true;
    } catch (error) {
      if (isHyperRunError(error, 'log.version-conflict')) return false;
      throw error;
    }
  }
}

/** What was merged, and how each of it came about: the seals that were recorded when the sprint was completed. */
const messageOf = ({ sprintId, heads }: Completed, tasks: readonly PassedTask[], sealed: SealedHead): string => {
  const streams = tasks.map(({ taskId }) => taskStream(taskId));
  const seals = [...heads.filter(({ stream }) => streams.includes(stream)), sealed];
  return [
    `Merge ${tasks.length === 1 ? '1 task' : `${tasks.length} tasks`} of sprint ${sprintId}`,
    '',
    ...tasks.map(({ taskId, spec }) => `- ${oneLine(spec.task.title, 120)} (${taskId})`),
    '',
    `HyperRun-Sprint: ${sprintId}`,
    ...tasks.map(({ taskId }) => `HyperRun-Task: ${taskId}`),
    ...seals.map(trailerOf),
    '',
  ].join('\n');
};
