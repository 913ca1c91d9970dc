import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { AgentRegistry } from '#agents';
import { isHyperRunError, taskStream, type AgentId, type TaskId, type WorkerId } from '#contracts';
import {
  agentOf,
  event,
  fallbacksOf,
  holderOf,
  policyFor,
  raisesEpoch,
  task,
  type Publishing,
  type Queued,
  type TaskCommand,
  type TaskState,
  type World,
} from '#domain';
import type { EventStore } from '#event-store';
import { GitRepository } from '#git';
import { removeTree } from '#sandbox';
import { CONFIG, type Config } from '../config/config.js';
import { failpoint } from '../config/failpoint.js';
import { EVENT_STORE, REDIS } from '../log/log.port.js';
import { RemoteAgents } from '../remote/remote-agents.port.js';
import { Roster } from '../swarm/roster.port.js';
import { Decisions } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { AgentWork } from './agent-work.js';
import { Attempt, isOver } from './attempt.js';
import { CandidateGate } from './candidate-gate.js';
import { DROPPED, type Job, type JobContext, type JobSource } from './job.port.js';
import { Publisher } from './publisher.js';
import { isWaiting, startable, withAgents } from './startable.js';
import { isAttended } from './oversight.js';
import { TaskFailure, type Verdict } from './task-failure.js';
import { Troubles } from './troubles.js';
import { Waiting } from './waiting.js';
import { CandidateVerification } from './candidate-verification.js';

type Interruption = Omit<Extract<TaskCommand, { type: 'interrupt' }>, 'type'>;
type Given = Pick<Attempt['claimed'], 'taskId' | 'epoch' | 'spec'>;

/** Tasks that wait for an agent, and tasks whose publishing waits for somebody to carry it on. */
@Injectable()
export class TaskJobs implements JobSource {
  readonly #logger = new Logger(TaskJobs.name);

  constructor(
    private readonly live: LiveWorld,
    private readonly decisions: Decisions,
    private readonly roster: Roster,
    private readonly agents: AgentRegistry,
    private readonly remote: RemoteAgents,
    private readonly agentWork: AgentWork,
    private readonly gate: CandidateGate,
    private readonly verification: CandidateVerification,
    private readonly publisher: Publisher,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onChange(look: () => void): () => void {
    return this.remote.onChange(look);
  }

  jobs(world: World): readonly Job[] {
    return withAgents(startable(world), world, this.remote).map(({ taskId, notBefore }) => ({
      key: `task ${taskId}`,
      ...(notBefore === undefined ? {} : { notBefore }),
      run: (context: JobContext) => this.#run(taskId, context),
      waits: ({ tasks }: World) => tasks.get(taskId)?.status === 'blocked',
    }));
  }

  held({ tasks }: World, worker: WorkerId): readonly Job[] {
    return [...tasks.values()].flatMap((state) => {
      const holder = holderOf(state);
      if (holder?.worker !== worker || !('epoch' in state)) return [];
      const { taskId, epoch, spec } = state;
      const why = { attempt: holder.attempt, reason: DROPPED, rests: true };
      return [{ key: `task ${taskId}`, run: () => this.#giveBack({ taskId, epoch, spec }, `worker:${worker}`, why) }];
    });
  }

  async #run(taskId: TaskId, context: JobContext): Promise<void> {
    const before = this.live.world.tasks.get(taskId);
    if (before === undefined || !isWaiting(before)) return;
    if (before.status === 'queued' && !(await this.#isThere(before, context.worker))) return;
    const { kind } = agentOf(before);
    const isRemote = this.remote.isRemote(kind);
    // What is decided needs no agent any more: it is carried on in the name of the first.
    if (before.status === 'publishing' && (isRemote || !this.agents.kinds().includes(kind)))
      return this.#claim(before, `${kind}-1` as AgentId, context);
    if (!isRemote) return this.#claim(before, await this.roster.enlist(kind, context.slot), context);
    const reserved = await this.remote.reserve(kind);
    if (reserved === undefined) return;
    try {
      await this.#claim(before, reserved.agentId, context);
    } finally {
      await reserved.release();
    }
  }

  async #claim({ taskId, spec }: Queued | Publishing, agentId: AgentId, context: JobContext): Promise<void> {
    const { state, events } = await this.decisions.make({
      stream: taskStream(taskId),
      decider: task,
      command: { type: 'claim', worker: context.worker, agentId },
      issued: { id: `claim/${context.worker}/${randomUUID()}`, actor: `worker:${context.worker}`, body: { taskId } },
      subjects: { sprintId: spec.sprintId, taskId, agentId },
      raiseEpoch: true,
    });
    failpoint('task.claimed');
    const holder = holderOf(state);
    if (holder === undefined || !('spec' in state)) return;
    const claimId = events.at(-1)?.id;
    const attempt = new Attempt(
      {
        ...(claimId === undefined ? {} : { claimId }),
        taskId,
        spec: state.spec,
        agentId,
        epoch: state.epoch,
        attempt: holder.attempt,
        account: state.account,
        answers: state.answers,
        reassigned: state.reassigned,
      },
      `worker:${context.worker}`,
      {
        store: this.store,
        redis: this.redis,
        config: this.config,
        live: this.live,
        stopping: context.signal,
      },
    );
    try {
      await this.#carryOut(attempt, state, context.worker);
    } catch (error) {
      await this.#breakOff(attempt, error);
    } finally {
      attempt.close();
    }
  }

  /** Nobody but the agent that was approved, in the version that was approved: else another one of the plan, or none. */
  async #isThere(state: Queued, worker: WorkerId): Promise<boolean> {
    const { taskId, spec, epoch } = state;
    const { kind, digest } = agentOf(state);
    const found = this.agents.kinds().includes(kind) ? this.agents.describe(kind).planned.digest : undefined;
    if (found === digest) return true;
    const reason =
      found === undefined
        ? `The plan was approved for agent ${kind}, which is not here any more.`
        : `The plan was approved for agent ${digest}, and there is ${found} now.`;
    const to = policyFor('unavailable', spec.troubles) === 'reassign' ? fallbacksOf(state)[0] : undefined;
    const command: TaskCommand =
      to === undefined
        ? { type: 'fail', kind: 'agent-failed', reason: `${reason} Ask for a new plan.`, trouble: 'unavailable' }
        : { type: 'reassign', from: kind, reason, handover: { to, trouble: 'unavailable', by: 'policy' } };
    const outcome = await this.decisions.make({
      stream: taskStream(taskId),
      decider: task,
      command,
      issued: {
        id: `unavailable/${taskId}/${epoch}/${kind}`,
        actor: `worker:${worker}`,
        body: { taskId, epoch, kind },
      },
      subjects: { sprintId: spec.sprintId, taskId },
      raiseEpoch: raisesEpoch(command),
    });
    await this.live.reached(outcome.position);
    return false;
  }

  async #carryOut(attempt: Attempt, state: TaskState, worker: WorkerId): Promise<void> {
    if (state.status === 'publishing') return this.publisher.publish(attempt, state.decided);
    const { taskId, spec } = attempt.claimed;
    const directory = join(this.config.dataDirectory, 'work', worker, taskId);
    const repository = await GitRepository.open(spec.repositoryPath);
    try {
      await removeTree(directory);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      Troubles.heed(attempt);
      const tree = await this.agentWork.run(attempt, repository, directory);
      failpoint('task.agent-done');
      const candidate = await this.gate.pass(attempt, repository, tree, join(directory, 'objects'));
      await this.verification.pass(attempt, repository, candidate, directory);
      failpoint('task.verified');
      const decided = await this.publisher.decide(attempt, repository, candidate, worker);
      await this.publisher.publish(attempt, decided);
    } finally {
      repository.close();
      await removeTree(directory);
    }
  }

  /** What ends an attempt: a failure of the task, which is final, or an accident, after which it is tried again. */
  async #breakOff(attempt: Attempt, error: unknown): Promise<void> {
    if (isOver(error, attempt)) return this.#letGo(attempt);
    if (error instanceof TaskFailure) {
      await this.#fail(attempt, error).catch((late: unknown) => {
        if (!isOver(late, attempt)) throw late;
        return this.#letGo(attempt);
      });
      return;
    }
    const reason = error instanceof Error ? error.message : String(error);
    await this.#interrupt(attempt, { reason, rests: true }).catch((late: unknown) => this.#warn(attempt, late));
    // For the worker to report, and to wait a while before it tries again: what broke may mend.
    throw error;
  }

  async #fail(attempt: Attempt, failure: TaskFailure): Promise<void> {
    const { kind, message, trouble } = failure;
    const reason = message.slice(0, 2000);
    const verdict = failure.verdict ?? (await this.#verdict(attempt, failure));
    const got = trouble === undefined ? {} : { trouble };
    if (verdict === 'retry') return this.#interrupt(attempt, { reason, rests: true, ...got });
    if (verdict !== 'give-up') return this.#interrupt(attempt, { reason, handover: verdict, ...got });
    const why = { kind, reason, ...got };
    await attempt.outbox.record(event('task.failed', { attempt: attempt.claimed.attempt, ...why }));
  }

  async #verdict(attempt: Attempt, { trouble, message }: TaskFailure): Promise<Verdict> {
    if (trouble === undefined) return 'give-up';
    const waiting = new Waiting(attempt, this.live, 'end-');
    return new Troubles(attempt, this.live, waiting, isAttended(attempt, this.live)).verdict(trouble, message);
  }

  /** A shutdown gives the task back at once, instead of leaving it to the end of the lease. */
  async #letGo(attempt: Attempt): Promise<void> {
    const state = this.live.world.tasks.get(attempt.claimed.taskId);
    const mine = state !== undefined && 'epoch' in state && state.epoch === attempt.claimed.epoch;
    if (!mine) return;
    await this.#interrupt(attempt, { reason: 'Its worker shut down.' }).catch((late: unknown) =>
      this.#warn(attempt, late),
    );
  }

  #warn({ claimed }: Attempt, error: unknown): void {
    if (!isHyperRunError(error)) throw error;
    this.#logger.warn(`${claimed.taskId} could not be given back: ${error.message}`);
  }

  #interrupt(attempt: Attempt, { reason, ...why }: Omit<Interruption, 'attempt'>): Promise<void> {
    const { claimed, actor } = attempt;
    return this.#giveBack(claimed, actor, { ...why, attempt: claimed.attempt, reason: reason.slice(0, 2000) });
  }

  async #giveBack({ taskId, epoch, spec }: Given, actor: string, why: Interruption): Promise<void> {
    await this.decisions.make({
      stream: taskStream(taskId),
      decider: task,
      command: { type: 'interrupt', ...why },
      issued: { id: `interrupt/${taskId}/${epoch}`, actor, body: { taskId, epoch } },
      subjects: { sprintId: spec.sprintId, taskId },
      raiseEpoch: true,
    });
  }
}
