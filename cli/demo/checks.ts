// What has to be true after a sprint, whatever became of its tasks.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceClient } from '../client.js';
import { differences, replay } from '../agreement.js';
import { EventView, SealCheck, type SprintView } from '../api.js';
import { plural } from '../render/style.js';
import { verifyOffline } from '../verification.js';

export interface Check {
  readonly what: string;
  readonly holds: boolean;
  readonly found: string;
}

const PAGE = 500;

export const historyOf = async (client: ServiceClient, sprintId: string): Promise<EventView[]> => {
  const events: EventView[] = [];
  for await (const event of client.items(EventView, `/hyper-running/sprints/${sprintId}/events`, { limit: PAGE }))
    events.push(event);
  return events;
};

/** The log alone leads to the state that the service shows. */
export const agreement = (history: readonly EventView[], sprint: SprintView): Check => {
  const found = differences(replay(history), sprint);
  return {
    what: 'The replay agrees with the live state',
    holds: found.length === 0,
    found:
      found.length === 0
        ? `${plural(history.length, 'event')} folded, ${plural(sprint.tasks.length, 'task')} compared`
        : found.join('; '),
  };
};

/** Every event of the history came over the live stream, in the same order within its stream. */
export const nothingMissed = (history: readonly EventView[], live: readonly EventView[]): Check => {
  const seen = new Set(live.map(({ id }) => id));
  const since = history.filter(({ position }) => Number(position) >= Number(live[0]?.position ?? Infinity));
  const missed = since.filter(({ id }) => !seen.has(id));
  return {
    what: 'The live stream told every event once',
    holds: missed.length === 0 && seen.size === live.length,
    found: `${live.length} told, ${missed.length} missed, ${live.length - seen.size} twice`,
  };
};

export const sealed = async (client: ServiceClient, sprintId: string): Promise<Check> => {
  const { valid } = await client.get(SealCheck, `/hyper-running/sprints/${sprintId}/verify`);
  return {
    what: 'The seals verify in the service',
    holds: valid,
    found: valid ? 'every hash recomputed' : 'a hash differs',
  };
};

/** The export and the repository prove each other without the service. */
export const sealedOffline = async (
  client: ServiceClient,
  sprintId: string,
  folder: string,
  repository: string,
): Promise<Check> => {
  const file = join(folder, `${sprintId}.ndjson`);
  const path = `/hyper-running/sprints/${sprintId}/events`;
  await writeFile(file, await client.text(path, { headers: { accept: 'application/x-ndjson' } }));
  const { valid, commits, problems } = await verifyOffline(file, repository);
  const proven = commits.filter(({ result }) => result === 'proven').length;
  return {
    what: 'The seals verify offline, from export and commits',
    holds: valid && proven === commits.length,
    found: problems[0]?.text ?? `${proven} of ${commits.length} commits carry the seal of their history`,
  };
};
