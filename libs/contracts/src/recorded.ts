import type { AnyEvent } from './events.js';
import type { AgentId, Epoch, Instant, Position, SprintId, StreamName, TaskId, Version } from './ids.js';

/** Whom an event is about, for filters and projections. */
export interface Subjects {
  readonly sprintId?: SprintId;
  readonly taskId?: TaskId;
  readonly agentId?: AgentId;
}

/** What the log adds to an event when it is appended. */
export interface RecordedMeta extends Subjects {
  /** UUIDv7, made by the writer. */
  readonly id: string;
  readonly stream: StreamName;
  readonly version: Version;
  readonly position: Position;
  readonly time: Instant;
  /** `orchestrator`, `system`, `worker:<id>`, `person:<name>`. */
  readonly actor: string;
  readonly commandId: string;
  /** SHA-256 of the canonical body of the command that led to it; the same id with another body is refused. */
  readonly commandHash: string;
  readonly epoch?: Epoch;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly schemaVersion: number;
}

export type Recorded<E extends AnyEvent = AnyEvent> = E & RecordedMeta;
