// How kinds of agents look from outside: the shapes.
import { z } from 'zod';
import { FindingSource, PlannedAgent } from '#contracts';
import { named, pageSchema } from '../http/schemas.js';

const AgentKindView = named(
  'AgentKindView',
  z.object({
    kind: z.string(),
    name: z.string(),
    role: z.string(),
    /** Whether it follows instructions in words. */
    understandsWords: z.boolean(),
    /** Sources of the findings that it takes although nobody can repair them for certain. */
    does: z.array(FindingSource),
    planned: PlannedAgent,
    /** What keeps it from working on this machine: no sandbox, no program, no key. Absent: nothing does. */
    unusable: z.string().optional(),
  }),
);
export const AgentKindPage = named('AgentKindPage', pageSchema(AgentKindView));
