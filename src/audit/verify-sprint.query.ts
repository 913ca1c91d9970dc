import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { isHyperRunError, type Oid, type SprintId } from '#contracts';
import type { EventStore } from '#event-store';
import { GitRepository } from '#git';
import { exportLines, parseTrailers, verifyExport, type Anchor, type Problem, type Verified } from '#seal';
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
    const history = await readSprint(this.store, sprintId).catch(unreadable);
    if ('problems' in history) return history;
    const anchors = await anchorsOf(history);
    const streams = history.streams.map((stream) => ({ stream, records: this.store.readBytes(stream) }));
    const lines = exportLines({ sprintId, incarnation: this.store.incarnation, streams });
    return { ...(await verifyExport(lines, anchors)), commits: anchors.length };
  }
}

const UNREADABLE: readonly string[] = [
  'log.corrupt',
  'log.unknown-event',
  'archive.missing',
  'archive.damaged',
  'archive.dropped',
];

/** A log that cannot be read any more is an answer, not an accident: it was altered or damaged. */
const unreadable = (error: unknown): Verified & { readonly commits: number } => {
  if (!isHyperRunError(error) || !UNREADABLE.includes(error.code)) throw error;
  const { stream, version } = error.details as Pick<Problem, 'stream' | 'version'>;
  const kind = error.code === 'archive.missing' || error.code === 'archive.dropped' ? 'missing' : 'altered';
  return {
    valid: false,
    problems: [{ stream, version, kind, text: error.message }],
    heads: [],
    events: 0,
    commits: 0,
  };
};

/**
 * The seals in the trailers of the commits that the sprint published, as far as they are still in the repository, and of
 * what its branches name by now: an amended commit has another name, the one that was published may live on beside it.
 */
const anchorsOf = async (history: SprintHistory): Promise<Anchor[]> => {
  const published = history.events.flatMap((event) =>
    event.type === 'task.branch-published' || event.type === 'sprint.integrated' ? [event.data] : [],
  );
  const path = history.sprint.find((event) => event.type === 'sprint.plan-requested')?.data.path;
  if (path === undefined || published.length === 0) return [];
  const repository = await GitRepository.open(path).catch(() => undefined);
  if (repository === undefined) return [];
  try {
    const anchors: Anchor[] = [];
    for (const { commit, branch } of published) {
      anchors.push(...(await anchorsIn(repository, commit, branch)));
      const tip = await repository.readRef(`refs/heads/${branch}`);
      if (tip === undefined || tip === commit) continue;
      const moved = await anchorsIn(repository, tip, branch);
      // A person may have put work of another sprint on top: its seal is proven there.
      anchors.push(...moved.filter(({ head }) => history.streams.includes(head.stream)));
    }
    return anchors;
  } finally {
    repository.close();
  }
};

const anchorsIn = async (repository: GitRepository, commit: Oid, branch: string): Promise<Anchor[]> => {
  if (!(await repository.objects.has(commit))) return [];
  const { content } = await repository.objects.readObject(commit);
  const from = `commit ${commit.slice(0, 12)} on ${branch}`;
  return parseTrailers(content.toString('utf8')).map((head) => ({ head, from }));
};
