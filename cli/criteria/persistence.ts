import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { ServiceClient } from '../client.js';
import { Page } from '../api.js';
import type { Stage } from '../demo/stage.js';
import type { ServiceProcess } from '../service-process.js';
import type { Criterion } from './set-up.js';

const AgentStatus = z.object({ id: z.string(), status: z.string(), role: z.string() });

/** What is known of agents and sprints, before and after all processes, Redis too, were ended and started again. */
export const persistence = async (stage: Stage, service: ServiceProcess, before: ServiceClient, sprintId: string) => {
  const known = await snapshot(before, sprintId);
  await service.stop();
  const next = await stage.start();
  const found = await snapshot(next.client, sprintId);
  const criterion: Criterion = {
    name: 'Persistence: status survives a restart',
    shown: `service and Redis restarted; ${known.agents.length} agent statuses and the sprint are ${isDeepStrictEqual(found, known) ? 'the same' : 'not the same'}`,
    holds: known.agents.length > 0 && isDeepStrictEqual(found, known),
  };
  return { criterion, ...next };
};

const snapshot = async (client: ServiceClient, sprintId: string) => {
  const { items: agents } = await client.get(Page(AgentStatus), '/agents');
  const sprint = await client.get(z.looseObject({}), `/hyper-running/sprints/${sprintId}`);
  return { agents, sprint: { ...sprint, cursor: undefined } };
};
