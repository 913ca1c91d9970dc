// How the success of agents looks from outside: the shapes.
import { z } from 'zod';
import { FindingSource } from '#contracts';
import { momentPageSchema, named } from '../http/schemas.js';

const count = z.number().int().nonnegative();

const AgentRecordView = named(
  'AgentRecordView',
  z.object({
    /** Kind of the agent. */
    agent: z.string(),
    /** Source of the findings. */
    kind: FindingSource,
    passed: count,
    /** Tasks whose end says something about the agent: those that passed, and those that failed through it. */
    tried: count,
    /** Of the next one, by what is known: (passed + 1) / (tried + 2). */
    chance: z.number().min(0).max(1),
  }),
);
export const AgentRecordPage = named('AgentRecordPage', momentPageSchema(AgentRecordView));
