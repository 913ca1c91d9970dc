import { z } from 'zod';

/** Every id that a person may type or that becomes a key, a folder or a branch: `^[a-z0-9-]{1,40}$`. */
export const ID_PATTERN = /^[a-z0-9-]{1,40}$/;

const id = z.string().regex(ID_PATTERN);

export const RepositoryId = id.brand<'RepositoryId'>();
export type RepositoryId = z.infer<typeof RepositoryId>;

/** A plan and the sprint that it becomes are one thing at two stages: planId and sprintId are the same. */
export const SprintId = id.brand<'SprintId'>();
export type SprintId = z.infer<typeof SprintId>;

/** No task id begins with `sprint-`: `hyper-run/sprint-<id>` is the branch of a whole sprint. */
export const TaskId = id.refine((value) => !value.startsWith('sprint-')).brand<'TaskId'>();
export type TaskId = z.infer<typeof TaskId>;

/** An agent is a slot (`links-1`) with one task at a time. */
export const AgentId = id.brand<'AgentId'>();
export type AgentId = z.infer<typeof AgentId>;

/** One process that carries out tasks. */
export const WorkerId = id.brand<'WorkerId'>();
export type WorkerId = z.infer<typeof WorkerId>;

/** A git object name: 40 hexadecimal digits, lower case. */
export const Oid = z
  .string()
  .regex(/^[0-9a-f]{40}$/)
  .brand<'Oid'>();
export type Oid = z.infer<typeof Oid>;

/** SHA-256 in 64 hexadecimal digits, lower case. */
export const Sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .brand<'Sha256'>();
export type Sha256 = z.infer<typeof Sha256>;

/** Name of a stream of the log: `repository-<id>`, `sprint-<id>`, `task-<id>`, `agent-<id>`, `system`. */
export const StreamName = z
  .string()
  .regex(/^(system|(repository|sprint|task|agent)-[a-z0-9-]{1,40})$/)
  .brand<'StreamName'>();
export type StreamName = z.infer<typeof StreamName>;

/** Number of an event in its stream: 1..n without gaps; 0 is the version of a stream that does not exist yet. */
export const Version = z.number().int().nonnegative().brand<'Version'>();
export type Version = z.infer<typeof Version>;

/** Number of an event in the whole log: 1..n without gaps. */
export const Position = z.number().int().nonnegative().brand<'Position'>();
export type Position = z.infer<typeof Position>;

/** Fencing number of a stream: raised by claim, takeover and cancel. Who holds an old one cannot write. */
export const Epoch = z.number().int().nonnegative().brand<'Epoch'>();
export type Epoch = z.infer<typeof Epoch>;

/** Milliseconds since 1970, by the clock of Redis. */
export type Instant = number;

export const repositoryStream = (id: RepositoryId) => `repository-${id}` as StreamName;
export const sprintStream = (id: SprintId) => `sprint-${id}` as StreamName;
export const taskStream = (id: TaskId) => `task-${id}` as StreamName;
export const agentStream = (id: AgentId) => `agent-${id}` as StreamName;
export const SYSTEM_STREAM = 'system' as StreamName;
