import type { Redis } from 'ioredis';
import {
  HyperRunError,
  isHyperRunError,
  taskStream,
  type AgentId,
  type AnyEvent,
  type Epoch,
  type Instant,
  type TaskId,
} from '#contracts';
import { event, isActive, type Account, type AnsweredQuestion, type Reassigned, type TaskSpec } from '#domain';
import type { EventStore } from '#event-store';
import type { Config } from '../config/config.js';
import { hintKey } from '../world/keys.port.js';
import type { LiveWorld } from '../world/live-world.port.js';
import { Outbox } from './outbox.js';

/** Progress is told at most this often. */
const PROGRESS_MS = 1000;
const PROGRESS_TTL_MS = 86_400_000;
/** The time of Redis, in milliseconds, under a key that expires. */
const STAMP = `local t = redis.call('TIME')
redis.call('SET', KEYS[1], string.format('%d', t[1] * 1000 + math.floor(t[2] / 1000)), 'PX', ARGV[1])`;

export interface Claimed {
  readonly taskId: TaskId;
  readonly spec: TaskSpec;
  readonly agentId: AgentId;
  readonly epoch: Epoch;
  readonly attempt: number;
  /** Id of the event that claimed it. */
  readonly claimId?: string;
  /** What earlier attempts have spent and asked. */
  readonly account: Account;
  readonly answers: readonly AnsweredQuestion[];
  /** Which agents had it before. */
  readonly reassigned: readonly Reassigned[];
}

/**
 * One attempt at a task, seen from its worker: its outbox, its sign of progress, and the moment when it is over, be it
 * because somebody cancelled or took over, or because the worker shuts down.
 */
export class Attempt {
  readonly outbox: Outbox;
  readonly signal: AbortSignal;
  readonly #over = new AbortController();
  readonly #forget: () => void;
  #told = 0;
  readonly #calls = new Map<string, () => void>();
  /** Steps that go on, and those that wait because nothing may begin now. */
  #steps = 0;
  #waiting = 0;
  /** The pause for which it was told already that all stands still. */
  #heldFor?: Instant;

  constructor(
    readonly claimed: Claimed,
    readonly actor: string,
    private readonly needs: {
      readonly store: EventStore;
      readonly redis: Redis;
      readonly config: Config;
      readonly live: LiveWorld;
      readonly stopping: AbortSignal;
    },
  ) {
    const { taskId, agentId, epoch, spec, claimId } = claimed;
    const subjects = { sprintId: spec.sprintId, taskId, agentId };
    this.outbox = new Outbox(
      needs.store,
      {
        stream: taskStream(taskId),
        epoch,
        actor,
        subjects,
        ...(claimId === undefined ? {} : { causationId: claimId }),
      },
      (reason) => this.#over.abort(reason),
    );
    this.signal = AbortSignal.any([this.#over.signal, needs.stopping]);
    this.#forget = needs.live.onChange(() => {
      this.#look();
      this.#tellHeld();
    });
    this.#look();
  }

  /** Says what happened, and that something moved. */
  say(told: AnyEvent): void {
    this.signal.throwIfAborted();
    this.outbox.say(told);
    this.#follow(told);
    this.progress();
  }

  /** A call of a model is a step as well. */
  #follow(told: AnyEvent): void {
    if (told.type === 'action.model-call-started') this.#calls.set(told.data.callId, this.begin());
    if (told.type !== 'action.model-call-finished') return;
    this.#calls.get(told.data.callId)?.();
    this.#calls.delete(told.data.callId);
  }

  /** A sign of progress: bytes, tool calls, a child process that works. A hint beside the log. */
  progress(): void {
    const now = Date.now();
    if (now - this.#told < PROGRESS_MS) return;
    this.#told = now;
    const { redis, config } = this.needs;
    const key = hintKey(config, `progress:${this.claimed.taskId}`);
    redis.eval(STAMP, 1, key, PROGRESS_TTL_MS).catch(() => undefined);
  }

  /** Waits for a child process: that it works is progress, for as long as its own time limit lets it. */
  async during<T>(work: Promise<T>): Promise<T> {
    const timer = setInterval(() => this.progress(), PROGRESS_MS);
    try {
      return await work;
    } finally {
      clearInterval(timer);
    }
  }

  /** Whether there may be work now: the sprint is not paused, and nobody is asked. */
  runs(): boolean {
    const { sprints, tasks } = this.needs.live.world;
    const sprint = sprints.get(this.claimed.spec.sprintId);
    const paused =
      sprint !== undefined && isActive(sprint) && (sprint.status === 'pausing' || sprint.status === 'paused');
    return !paused && tasks.get(this.claimed.taskId)?.status !== 'blocked';
  }

  /** Calls back whenever it changes, at first if it is so, with whether somebody is asked; returns how to stop that. */
  onBlock(listener: (blocked: boolean) => void): () => void {
    const { live } = this.needs;
    let told = false;
    const look = () => {
      const blocked = live.world.tasks.get(this.claimed.taskId)?.status === 'blocked';
      if (blocked !== told) listener((told = blocked));
    };
    look();
    return live.onChange(look);
  }

  /** Resolves when there may be work: nothing new begins meanwhile. */
  async gate(): Promise<void> {
    const runs = () => this.runs();
    if (!runs()) {
      this.#waiting += 1;
      this.#tellHeld();
      try {
        await this.needs.live.until(runs, this.signal);
      } finally {
        this.#waiting -= 1;
      }
    }
    this.signal.throwIfAborted();
  }

  /** A step begins that a pause lets come to its end: a call, or a whole program. Returns how to say that it has. */
  begin(): () => void {
    this.#steps += 1;
    let ended = false;
    return () => {
      if (!ended) this.#steps -= 1;
      ended = true;
      this.#tellHeld();
    };
  }

  /** From now on it waits between its steps, whatever it does elsewhere. Returns how to end that. */
  rest(): () => void {
    this.#waiting += 1;
    this.#tellHeld();
    let ended = false;
    return () => {
      if (!ended) this.#waiting -= 1;
      ended = true;
    };
  }

  /** A pause need not wait any longer for what waits for it. */
  #tellHeld(): void {
    const { sprints, tasks } = this.needs.live.world;
    const sprint = sprints.get(this.claimed.spec.sprintId);
    if (this.#waiting === 0 || this.#steps > 0 || sprint?.status !== 'pausing' || this.signal.aborted) return;
    if (this.#heldFor === sprint.changedAt || tasks.get(this.claimed.taskId)?.status !== 'working') return;
    this.#heldFor = sprint.changedAt;
    this.outbox.say(event('task.held', { attempt: this.claimed.attempt }));
  }

  close(): void {
    this.#forget();
    this.#over.abort(new Error('The attempt is over.'));
  }

  /** The log fences a late worker at its next append; looking spares the work until then. */
  #look(): void {
    const state = this.needs.live.world.tasks.get(this.claimed.taskId);
    if (state === undefined || state.status === 'absent' || state.status === 'declined') return;
    if (state.status === 'failed' && state.kind === 'unanswered')
      this.#over.abort(new HyperRunError('agent.unanswered', state.reason ?? 'Nobody answered in time.'));
    else if (state.status === 'failed')
      this.#over.abort(new HyperRunError('task.settled', state.reason ?? 'The task has failed.'));
    else if (state.epoch > this.claimed.epoch)
      this.#over.abort(new HyperRunError('log.epoch-over', 'The task was cancelled or taken over.', {}, 'retry'));
  }
}

/** Whether an error only says that this attempt is not this worker's any more. */
export const isOver = (error: unknown, attempt: Attempt): boolean =>
  attempt.signal.aborted || isHyperRunError(error, 'log.epoch-over') || isHyperRunError(error, 'task.lost');
