import type { EventData } from '#contracts';

/** The end of a task that no further attempt would change; its message is the sentence that says why. */
export class TaskFailure extends Error {
  constructor(
    readonly kind: EventData<'task.failed'>['kind'],
    message: string,
  ) {
    super(message);
    this.name = 'TaskFailure';
  }
}
