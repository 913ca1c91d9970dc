import { Injectable, type PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { AgentId, HyperRunError, ID_PATTERN, SprintId, TaskId } from '#contracts';

const idParam = <Schema extends z.ZodType>(name: string, schema: Schema) => {
  @Injectable()
  class IdParam implements PipeTransform<string, z.infer<Schema>> {
    transform(value: string): z.infer<Schema> {
      const parsed = schema.safeParse(value);
      if (parsed.success) return parsed.data;
      const message = `expected an id like ${ID_PATTERN.source}`;
      throw new HyperRunError('request.invalid', `${name}: ${message}.`, { errors: [{ field: name, message }] });
    }
  }
  return IdParam;
};

export const SprintIdParam = idParam('sprintId', SprintId);
export const TaskIdParam = idParam('taskId', TaskId);
export const AgentIdParam = idParam('agentId', AgentId);
export const EventIdParam = idParam('eventId', z.string().regex(ID_PATTERN));
