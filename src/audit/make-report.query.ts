import { Inject } from '@nestjs/common';
import { Query, QueryBus, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { SprintId } from '#contracts';
import type { EventStore } from '#event-store';
import { EVENT_STORE } from '../log/log.port.js';
import { FindSprintQuery } from '../sprints/find-sprint.query.js';
import { costOf, reportTask } from './report.js';
import type { Report } from './report.schema.js';
import { integrationOf, overlapsOf } from './report-together.js';
import { readSprint } from './sprint-streams.js';

/** What became of a sprint, or had become of it at a moment. */
export class MakeReportQuery extends Query<Report> {
  constructor(
    readonly sprintId: SprintId,
    readonly at?: string,
  ) {
    super();
  }
}

@QueryHandler(MakeReportQuery)
export class MakeReportHandler implements IQueryHandler<MakeReportQuery> {
  /** Each made once for all who ask meanwhile, in whatever form they want it, and none kept. */
  readonly #asked = new Map<string, Promise<Report>>();

  constructor(
    private readonly queries: QueryBus,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  execute({ sprintId, at }: MakeReportQuery): Promise<Report> {
    const what = JSON.stringify([sprintId, at]);
    const report = this.#asked.get(what) ?? this.make(sprintId, at).finally(() => this.#asked.delete(what));
    this.#asked.set(what, report);
    return report;
  }

  private async make(sprintId: SprintId, at: string | undefined): Promise<Report> {
    const { view } = await this.queries.execute(new FindSprintQuery(sprintId, at));
    const history = await readSprint(this.store, sprintId, await this.store.positionOf(view.cursor));
    const tasks = [...history.tasks].map(([id, events]) => reportTask(id, events));
    const changed = tasks.filter((task) => task.outcome === 'passed').flatMap((task) => task.files);
    return {
      sprintId,
      repository: view.repository.name,
      baseCommit: view.plan?.baseCommit ?? '',
      status: view.status,
      approvedBy: view.approvedBy,
      approvedAt: view.approvedAt,
      completedAt: view.completedAt,
      base: view.base,
      tasks,
      overlaps: overlapsOf(tasks),
      integration: integrationOf(history.sprint),
      additions: changed.reduce((sum, file) => sum + file.additions, 0),
      deletions: changed.reduce((sum, file) => sum + file.deletions, 0),
      events: history.events.length,
      cost: costOf(history.events),
      heads: view.heads ?? [],
    };
  }
}
