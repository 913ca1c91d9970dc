import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { SprintId } from '#contracts';
import type { EventStore } from '#event-store';
import { GitRepository } from '#git';
import { exportLines, parseTrailer, verifyExport, type Anchor, type Verified } from '#seal';
import { EVENT_STORE } from '../log/log.port.js';
import { readSprint, type SprintHistory } from './sprint-streams.js';

/** Makes every hash of a sprint anew and compares it with what was recorded, in the log and in the commits it made. */
export class VerifySprintQuery extends Query<Verified & { readonly commits: number }> {
  constructor(readonly sprintId: SprintId) {
    super();
  }
}

@QueryHandler(VerifySprintQuery)
export class VerifySprintHandler implements IQueryHandler<VerifySprintQuery> {
  constructor(@Inject(EVENT_STORE) private readonly store: EventStore) {}

  async execute({ sprintId }: VerifySprintQuery) {
    const history = await readSprint(this.store, sprintId);
    const anchors = await anchorsOf(history);
    const streams = history.streams.map((stream) => ({ stream, records: this.store.readBytes(stream) }));
    const lines = exportLines({ sprintId, incarnation: this.store.incarnation, streams });
    return { ...(await verifyExport(lines, anchors)), commits: anchors.length };
  }
}

/** The seals in the trailers of the commits that the sprint published, as far as they are still in the repository. */
const anchorsOf = async (history: SprintHistory): Promise<Anchor[]> => {
  const published = history.events.flatMap((event) => (event.type === 'task.branch-published' ? [event.data] : []));
  const path = history.sprint.find((event) => event.type === 'sprint.plan-requested')?.data.path;
  if (path === undefined || published.length === 0) return [];
  const repository = await GitRepository.open(path).catch(() => undefined);
  if (repository === undefined) return [];
  try {
    const anchors: Anchor[] = [];
    for (const { commit, branch } of published) {
      if (!(await repository.objects.has(commit))) continue;
      const { content } = await repository.objects.readObject(commit);
      const head = parseTrailer(content.toString('utf8'));
      if (head !== undefined) anchors.push({ head, from: `commit ${commit.slice(0, 12)} on ${branch}` });
    }
    return anchors;
  } finally {
    repository.close();
  }
};
