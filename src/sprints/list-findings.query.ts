import { Query, QueryBus, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { Finding, type Oid, type RepositoryId } from '#contracts';
import { compileScope } from '#workspace';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { FindRepositoryQuery } from '../repositories/find-repository.query.js';
import { LiveWorld } from '../world/live-world.port.js';
import { ListSprintsQuery } from './list-sprints.query.js';
import { findingView } from './views.js';

export type FoundFinding = ReturnType<typeof findingView>;

export interface FoundFindings {
  readonly repositoryId: RepositoryId;
  /** The commit that was scanned last; absent: no scan has ended yet. */
  readonly commit?: Oid;
  readonly findings: readonly FoundFinding[];
}

/** What the last scan of a repository found, inside and outside the scope. */
export class ListFindingsQuery extends Query<FoundFindings> {
  constructor(readonly repository?: string) {
    super();
  }
}

@QueryHandler(ListFindingsQuery)
export class ListFindingsHandler implements IQueryHandler<ListFindingsQuery> {
  constructor(
    private readonly queries: QueryBus,
    private readonly live: LiveWorld,
    private readonly artifacts: ArtifactStore,
  ) {}

  async execute({ repository }: ListFindingsQuery): Promise<FoundFindings> {
    const { repositoryId } = await this.queries.execute(new FindRepositoryQuery(repository));
    const scanned = await this.queries.execute(new ListSprintsQuery({ repositoryId }));
    for (const state of scanned) {
      if (!('plan' in state) || state.findings === undefined) continue;
      const { artifact, baseCommit } = state.findings;
      const findings = Finding.array().parse(JSON.parse((await this.artifacts.get(artifact)).toString()));
      const scope = compileScope({ patterns: state.plan.scope });
      const known = this.live.world.repositories.get(repositoryId);
      const dismissed = known?.status === 'registered' ? known.dismissed : new Set<string>();
      return {
        repositoryId,
        commit: baseCommit,
        findings: findings.map((finding) => findingView(finding, scope, dismissed.has(finding.findingId))),
      };
    }
    return { repositoryId, findings: [] };
  }
}
