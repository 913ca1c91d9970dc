import { Query, QueryBus, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { Finding, type Oid, type RepositoryId, type Sha256, type SprintId } from '#contracts';
import { compileScope } from '#workspace';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { FindRepositoryQuery } from '../repositories/find-repository.query.js';
import { ListSprintsQuery } from './list-sprints.query.js';
import { findingView, placesIn } from './views.js';

export type FoundFinding = ReturnType<typeof findingView>;

export interface FoundFindings {
  readonly cursor: string;
  readonly repositoryId: RepositoryId;
  /** The commit that was scanned last; absent: no scan has ended yet. */
  readonly commit?: Oid;
  /** The plan that it was scanned for, and its scope: what `inScope` is about. */
  readonly planId?: SprintId;
  readonly scope?: readonly string[];
  readonly scannedAt?: string;
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
  /** Whoever reads all pages of a large scan reads them one after the other. */
  private last?: { readonly artifact: Sha256; readonly findings: readonly Finding[] };

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
      const { planId, scope, grants, createdAt } = state.plan;
      const placeOf = placesIn(compileScope({ patterns: scope, grants }), state.plan.findings);
      const dismissed = known?.status === 'registered' ? known.dismissed : new Set<string>();
      return {
        repositoryId,
        cursor,
        commit: baseCommit,
        planId,
        scope,
        scannedAt: createdAt,
        findings: (await this.read(artifact)).map((finding) =>
          findingView(finding, placeOf(finding.path), dismissed.has(finding.findingId)),
        ),
      };
    }
    return { repositoryId, cursor, findings: [] };
  }

  private async read(artifact: Sha256): Promise<readonly Finding[]> {
    if (this.last?.artifact !== artifact) {
      const findings = Finding.array().parse(JSON.parse((await this.artifacts.get(artifact)).toString()));
      this.last = { artifact, findings };
    }
    return this.last.findings;
  }
}
