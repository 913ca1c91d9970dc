// How agents and alerts look from outside: the shapes.
import { z } from 'zod';
import { AgentId, eventSchemas, SprintId, StreamName, TaskId } from '#contracts';
import { AGENT_STATUSES } from '#domain';
import { momentPageSchema, named, type Told } from '../http/schemas.js';
import { snapshotSchema, upsertSchema } from '../http/upsert.schema.js';

const time = z.iso.datetime();

export const AgentView = named(
  'AgentView',
  z.object({
    id: AgentId,
    kind: z.string(),
    name: z.string(),
    role: z.string(),
    status: z.enum(AGENT_STATUSES),
    currentTaskId: TaskId.optional(),
    currentTaskSummary: z.string().optional(),
    lastSeen: time.optional(),
    lastProgress: time.optional(),
    circuitOpenUntil: z.number().optional(),
    /** `memory`: it works on a tree in memory; `remote`: and lives elsewhere. Else the level of the sandbox; `unknown`: no agent of this service. */
    isolation: z.string(),
    /** Position of the newest event that changed it. */
    version: z.number().int(),
  }),
);
export type AgentView = Told<typeof AgentView>;
export const AgentPage = named('AgentPage', momentPageSchema(AgentView));

export const AgentUpsert = named('AgentUpsert', upsertSchema('agent', AgentView));
export const AgentsSnapshot = named('AgentsSnapshot', snapshotSchema(AgentUpsert));

export const AlertView = named(
  'AlertView',
  eventSchemas['alert.raised'].extend({
    time,
    stream: StreamName,
    sprintId: SprintId.optional(),
    taskId: TaskId.optional(),
    acknowledgedBy: z.string().optional(),
    /** Position of the newest event that changed it. */
    version: z.number().int(),
  }),
);
export type AlertView = Told<typeof AlertView>;
export const AlertPage = named('AlertPage', momentPageSchema(AlertView));
export const Acknowledged = named('Acknowledged', z.object({ alertId: z.string(), cursor: z.string() }));
