import { Query, QueryBus, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { Finding, type Oid, type RepositoryId } from '#contracts';
import { compileScope } from '#workspace';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { FindRepositoryQuery } from '../repositories/find-repository.query.js';
import { ListSprintsQuery } from './list-sprints.query.js';
import { findingView } from './views.js';

export type FoundFinding = ReturnType<typeof findingView>;

export interface FoundFindings {
  readonly cursor: string;
  readonly repositoryId: RepositoryId;
  /** The commit that was scanned last; absent: no scan has ended yet. */
  readonly commit?: Oid;
  readonly findings: readonly FoundFinding[];
}

/** What the last scan of a repository found, inside and outside the scope; the last one before a moment. */
export class ListFindingsQuery extends Query<FoundFindings> {
  constructor(
    readonly repository?: string,
    readonly at?: string,
  ) {
    super();
  }
}

@QueryHandler(ListFindingsQuery)
export class ListFindingsHandler implements IQueryHandler<ListFindingsQuery> {
  constructor(
    private readonly queries: QueryBus,
    private readonly artifacts: ArtifactStore,
  ) {}

  async execute({ repository, at }: ListFindingsQuery): Promise<FoundFindings> {
    const { repositoryId } = await this.queries.execute(new FindRepositoryQuery(repository));
    const { states, world, cursor } = await this.queries.execute(new ListSprintsQuery({ repositoryId }, at));
    const known = world.repositories.get(repositoryId);
    for (const state of states) {
      if (!('plan' in state) || state.findings === undefined) continue;
      const { artifact, baseCommit } = state.findings;
      const findings = Finding.array().parse(JSON.parse((await this.artifacts.get(artifact)).toString()));
      const scope = compileScope({ patterns: state.plan.scope });
      const dismissed = known?.status === 'registered' ? known.dismissed : new Set<string>();
      return {
        repositoryId,
        cursor,
        commit: baseCommit,
        findings: findings.map((finding) => findingView(finding, scope, dismissed.has(finding.findingId))),
      };
    }
    return { repositoryId, cursor, findings: [] };
  }
}
