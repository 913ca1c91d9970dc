import { Inject, Injectable } from '@nestjs/common';
import { isHyperRunError, taskStream, type WorkerId } from '#contracts';
import { event, task, type Decided } from '#domain';
import { commandHash, type EventStore } from '#event-store';
import { GitRepository } from '#git';
import { sealStream, trailerOf } from '#seal';
import { branchOfTask, commitCandidate, publish } from '#workspace';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { failpoint } from '../config/failpoint.js';
import { EVENT_STORE } from '../log/log.port.js';
import { foldUntil } from '../world/decisions.port.js';
import type { Attempt } from './attempt.js';
import type { Judged } from './candidate-gate.js';
import { AUTHOR, oneLine } from './commit-words.js';

/** From a verified candidate to a branch. Once `publish-decided` is written it goes only forward, whoever carries it on. */
@Injectable()
export class Publisher {
  constructor(
    private readonly artifacts: ArtifactStore,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  /**
   * Makes the final commit, with the seal of the task's history so far in its trailer, puts its pack on disk, and
   * decides to publish at exactly the version that was sealed. When somebody wrote in between, it is sealed anew.
   */
  async decide(attempt: Attempt, repository: GitRepository, candidate: Judged, worker: WorkerId): Promise<Decided> {
    for (;;) {
      await attempt.outbox.flush();
      attempt.signal.throwIfAborted();
      const decided = await this.#seal(attempt, repository, candidate);
      failpoint('task.pack-stored');
      if (await this.#append(attempt, decided, worker)) {
        failpoint('task.publish-decided');
        return decided;
      }
    }
  }

  /**
   * Imports the objects and creates the branch. Whatever keeps it from that blocks the task and says so: tried again by
   * itself it would fail the same way, without end.
   */
  async publish(attempt: Attempt, decided: Decided): Promise<void> {
    const { commit, branch } = decided;
    try {
      await this.#import(attempt.claimed.spec.repositoryPath, decided);
    } catch (error) {
      attempt.signal.throwIfAborted();
      return this.#block(attempt, error);
    }
    failpoint('task.objects-imported');
    await attempt.outbox.record(
      event('task.branch-published', { branch, commit }),
      event('task.passed', { branch, commit }),
    );
    failpoint('task.branch-published');
  }

  async #import(path: string, { pack, commit, branch }: Decided): Promise<void> {
    const repository = await GitRepository.open(path);
    try {
      await publish({ repository, pack: await this.artifacts.get(pack), commit, branch });
    } finally {
      repository.close();
    }
  }

  async #block(attempt: Attempt, error: unknown): Promise<void> {
    const { attempt: number, taskId } = attempt.claimed;
    const alertId = `publishing-${taskId}-${number}`;
    const kind = isHyperRunError(error) ? error.code : 'publish.failed';
    const reason = (error instanceof Error ? error.message : String(error)).slice(0, 2000);
    await attempt.outbox.record(
      event('task.blocked', { attempt: number, kind: 'publishing', reason }),
      event('alert.raised', { alertId, severity: 'critical', kind, text: reason }),
    );
  }

  async #seal(attempt: Attempt, repository: GitRepository, candidate: Judged): Promise<Decided> {
    const { taskId, spec, attempt: number } = attempt.claimed;
    const stream = taskStream(taskId);
    const sealed = await sealStream(stream, this.store.readBytes(stream));
    const recorded = await this.store.read(stream);
    const time = recorded.at(sealed.version - 1)?.time ?? 0;
    const { commit, pack } = await commitCandidate({
      repository,
      directory: candidate.directory,
      tree: candidate.tree,
      parents: [spec.baseCommit],
      message: messageOf(spec, trailerOf(sealed)),
      author: AUTHOR,
      time,
    });
    failpoint('task.commit-made');
    const sha = await this.artifacts.put(pack);
    return { attempt: number, tree: candidate.tree, commit, branch: branchOfTask(taskId), pack: sha, sealed };
  }

  /** Whether it was written; not, when the stream went on since it was sealed. */
  async #append(attempt: Attempt, decided: Decided, worker: WorkerId): Promise<boolean> {
    const { taskId, agentId, spec, epoch } = attempt.claimed;
    const { stream, version } = decided.sealed;
    const recorded = await this.store.read(stream);
    if (recorded.length !== version) return false;
    const events = task.decide({ type: 'decide-publish', worker, decided }, foldUntil(task, recorded));
    try {
      await this.store.append({
        commandId: `publish/${taskId}/${epoch}/${version}`,
        commandHash: commandHash(decided),
        actor: attempt.actor,
        writes: [
          { stream, guard: { kind: 'exact', version }, subjects: { sprintId: spec.sprintId, taskId, agentId }, events },
        ],
      });
      return true;
    } catch (error) {
      if (isHyperRunError(error, 'log.version-conflict')) return false;
      throw error;
    }
  }
}

const messageOf = (spec: Attempt['claimed']['spec'], trailer: string): string => {
  const { task: planned, sprintId } = spec;
  const subject = oneLine(planned.title, 72);
  const body = planned.evidence
    .slice(0, 20)
    .map((one) => `- ${oneLine(`${one.path}:${one.range.startLine} ${one.message}`, 120)}`);
  const more = planned.evidence.length > 20 ? [`- and ${planned.evidence.length - 20} more`] : [];
  return [
    subject,
    '',
    ...body,
    ...more,
    '',
    `HyperRun-Sprint: ${sprintId}`,
    `HyperRun-Task: ${planned.taskId}`,
    trailer,
    '',
  ].join('\n');
};
