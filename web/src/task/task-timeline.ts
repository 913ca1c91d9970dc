// A task, told from its events alone, as they come.
import type { EventData, StepResult } from '#contracts';
import { task, type TaskState } from '#domain';
import type { Timeline } from '../live/event-history.js';
import type { SeenEvent } from '../live/told.js';
import { Rows } from './rows.js';

export interface Attempt {
  readonly number: number;
  readonly agentId: string;
  readonly from: number;
  readonly to?: number;
  /** Why it ended before its task did. */
  readonly interrupted?: string;
}

export interface VerificationRun {
  readonly attempt: number;
  readonly run: number;
  readonly isolation: string;
  readonly weak: boolean;
  readonly steps: readonly StepResult[];
}

export interface VerificationVerdict {
  readonly attempt: number;
  readonly passed: boolean;
  /** In a sentence. */
  readonly reason: string;
}

/** A file as the agent has left it by now. */
export interface TouchedFile {
  readonly path: string;
  readonly change: 'written' | 'deleted';
  readonly bytes: number;
}

export class TaskTimeline implements Timeline {
  readonly events: SeenEvent[] = [];
  readonly attempts: Attempt[] = [];
  readonly runs: VerificationRun[] = [];
  readonly violations: EventData<'task.scope-violated'>['violations'] = [];
  verdict: VerificationVerdict | undefined;
  refusals = 0;
  /** In the attempt that goes on, or was the last. */
  touched = new Map<string, TouchedFile>();
  state: TaskState = task.initial;
  readonly #rows = new Rows();

  get rows() {
    return this.#rows.all;
  }

  /** The same as it was up to a position of the log. */
  until(position: number): TaskTimeline {
    const before = new TaskTimeline();
    before.add(this.events.filter((event) => event.position <= position));
    return before;
  }

  add(events: readonly SeenEvent[]): void {
    for (const event of events) {
      if (event.position <= (this.events.at(-1)?.position ?? 0)) continue;
      this.events.push(event);
      this.state = task.evolve(this.state, event);
      this.#rows.add(event);
      this.#note(event);
    }
  }

  #note(event: SeenEvent): void {
    switch (event.type) {
      case 'task.claimed':
        this.touched.clear();
        this.attempts.push({ number: event.data.attempt, agentId: event.data.agentId, from: event.time });
        return;
      case 'task.attempt-interrupted':
        return this.#endAttempt(event.time, event.data.reason);
      case 'task.passed':
      case 'task.failed':
      case 'task.cancelled':
      case 'task.discarded':
        return this.#endAttempt(event.time);
      case 'task.tool-refused':
        this.refusals++;
        return;
      case 'action.file-written':
      case 'action.file-deleted':
        return this.#touch(event);
      case 'task.scope-violated':
        this.violations.push(...event.data.violations);
        return;
      default:
        return this.#noteVerification(event);
    }
  }

  #noteVerification(event: SeenEvent): void {
    switch (event.type) {
      case 'task.verification-started':
        this.verdict = undefined;
        this.runs.push({ ...event.data, steps: [] });
        return;
      case 'task.verification-step-finished': {
        const { attempt, run, step } = event.data;
        const at = this.runs.findLastIndex((each) => each.attempt === attempt && each.run === run);
        const known = this.runs[at];
        if (known !== undefined) this.runs[at] = { ...known, steps: [...known.steps, step] };
        return;
      }
      case 'task.verification-passed': {
        const { attempt, findingsGone } = event.data;
        const gone = findingsGone === 1 ? '1 finding is' : `${findingsGone} findings are`;
        this.verdict = { attempt, passed: true, reason: `${gone} gone, and none is new.` };
        return;
      }
      case 'task.verification-failed':
        this.verdict = { attempt: event.data.attempt, passed: false, reason: event.data.reason };
        return;
      default:
    }
  }

  #endAttempt(to: number, interrupted?: string): void {
    const last = this.attempts.pop();
    if (last !== undefined) this.attempts.push({ ...last, to, ...(interrupted === undefined ? {} : { interrupted }) });
  }

  #touch(event: SeenEvent & { readonly type: 'action.file-written' | 'action.file-deleted' }): void {
    const { path } = event.data;
    const file: TouchedFile =
      event.type === 'action.file-deleted'
        ? { path, change: 'deleted', bytes: 0 }
        : { path, change: 'written', bytes: event.data.bytes };
    this.touched = new Map(this.touched).set(path, file);
  }
}
