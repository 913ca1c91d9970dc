// What the events of archived tasks still mean for the present, told once by `sprint.archived` for whoever leaves them out.
import type { AgentId, ArchivedLeft, Instant, TaskId } from '#contracts';
import { noRecords, recordOf } from './agent-records.js';
import { MOST_FAILURES, recallFailures, tellsOfFailure } from './circuit.js';
import { evolveWorld, failingIn, newWorld, type Alert, type World, type WorldEvent } from './world.js';

/** Of alerts that nobody counts any more, the newest stay in the list of the present; all stand in the archive. */
const MOST_ALERTS = 200;

/** Folds the events of tasks, each stream from its beginning to its end, in whatever order of streams. */
export class LeftOver {
  readonly #world: World = newWorld();
  readonly #agents = new Set<AgentId>();
  readonly #failures: { readonly agentId: AgentId; readonly at: Instant }[] = [];

  add(told: WorldEvent): void {
    if (told.type === 'task.claimed') this.#agents.add(told.data.agentId);
    const failing = tellsOfFailure(told)
      ? failingIn(this.#world, told.stream.slice('task-'.length) as TaskId, told)
      : undefined;
    if (failing !== undefined) this.#failures.push({ agentId: failing, at: told.time });
    evolveWorld(this.#world, told);
  }

  /** @param present where the cards of the agents that were at those tasks, and their circuits, are as they were left */
  end({ board: { agents }, circuits }: Pick<World, 'board' | 'circuits'>): ArchivedLeft {
    const cards = [...this.#agents].flatMap((id) => agents.get(id) ?? []);
    return {
      records: [...this.#world.records.records.values()],
      agents: cards.map(({ id, status, lastSeen, lastProgress, version }) => ({
        agentId: id,
        status,
        lastSeen,
        ...(lastProgress === undefined ? {} : { lastProgress }),
        position: version,
      })),
      alerts: [...this.#world.alerts.values()]
        .slice(-MOST_ALERTS)
        .map(({ version, ...alert }) => ({ ...alert, position: version })),
      circuits: [...circuits].flatMap(([kind, { failures, last }]) => {
        const own = this.#failures.filter(
          ({ agentId, at }) => agents.get(agentId)?.kind === kind && failures.includes(at),
        );
        const newest = last !== undefined && this.#world.tasks.has(last.because.taskId) ? { last } : {};
        if (own.length === 0 && !('last' in newest)) return [];
        return [{ kind, failures: own.map(({ at }) => at).slice(-MOST_FAILURES), ...newest }];
      }),
    };
  }
}

/** Makes good in a world that `sprint.archived` stands for events which were left out of it. */
export const recallArchived = (world: World, left: ArchivedLeft): void => {
  for (const { position, ...alert } of left.alerts)
    world.alerts.set(alert.alertId, { ...alert, version: position } satisfies Alert);
  for (const { agentId, position, ...then } of left.agents) {
    const card = world.board.agents.get(agentId);
    if (card === undefined || card.version > position) continue;
    const { lastProgress: _before, ...rest } = card;
    world.board = {
      ...world.board,
      agents: new Map(world.board.agents).set(agentId, { ...rest, ...then, version: position }),
    };
  }
  for (const { kind, ...failed } of left.circuits ?? []) world.circuits = recallFailures(world.circuits, kind, failed);
  const records = new Map(world.records.records);
  for (const { agent, kind, passed, tried } of left.records) {
    const before = recordOf({ ...noRecords, records }, agent, kind);
    records.set(`${agent} ${kind}`, { ...before, passed: before.passed + passed, tried: before.tried + tried });
  }
  world.records = { ...world.records, records };
};
