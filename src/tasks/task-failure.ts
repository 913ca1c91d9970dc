import type { EventData, Trouble } from '#contracts';
import type { Handover } from '#domain';

/** What is to become of a task whose agent got into trouble: nobody is asked any more. */
export type Verdict = 'retry' | 'give-up' | Handover;

/** The end of a task that no further attempt would change; its message is the sentence that says why. */
export class TaskFailure extends Error {
  constructor(
    readonly kind: EventData<'task.failed'>['kind'],
    message: string,
    /** What the agent got into by itself; absent: it is no failure of the agent. */
    readonly trouble?: Trouble,
    /** What a person, or the lack of one, has decided already. */
    readonly verdict?: Verdict,
  ) {
    super(message);
    this.name = 'TaskFailure';
  }
}
