// What GET /hyper-running/sprints/:id/stream tells: the shapes.
import { z } from 'zod';
import { named } from '../http/schemas.js';
import { snapshotSchema, upsertSchema } from '../http/upsert.schema.js';
import { AlertView } from '../swarm/views.port.js';
import { PlanView, SprintBudgets, SprintSummary, TaskView } from './views.schema.js';

export const SprintUpsert = named(
  'SprintUpsert',
  z.discriminatedUnion('kind', [
    upsertSchema('plan', PlanView),
    upsertSchema('sprint', SprintSummary),
    upsertSchema('budgets', SprintBudgets),
    upsertSchema('task', TaskView),
    upsertSchema('alert', AlertView),
  ]),
);
export const SprintSnapshot = named('SprintSnapshot', snapshotSchema(SprintUpsert));

export const SPRINT_ENTITIES = ['plan', 'sprint', 'budgets', 'task', 'alert'];
