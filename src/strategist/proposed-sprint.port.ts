import { z } from 'zod';
import { Plan } from '#contracts';

/** JSON Schema of `proposed_sprint.json`. */
export const proposedSprintSchema = (): object => ({
  $id: 'proposed_sprint.schema.json',
  title: 'proposed_sprint.json',
  ...z.toJSONSchema(Plan, { io: 'input', unrepresentable: 'any' }),
});
