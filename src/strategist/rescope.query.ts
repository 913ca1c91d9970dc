import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { Finding, type Plan, type PlannedAgent, type Sha256 } from '#contracts';
import type { Rescope } from '#domain';
import { GitRepository } from '#git';
import { commitTree, compileScope } from '#workspace';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { CONFIG, type Config } from '../config/config.js';
import { AgentKinds } from '../swarm/agent-kinds.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { buildPlan, countFindings } from './build-plan.js';
import { placeOf } from './place-of.js';
import { readRepositoryConfig } from './repository-config.port.js';

export interface Rescoped {
  readonly rescope: Rescope;
  /** Every agent that an added task names. */
  readonly agents: readonly PlannedAgent[];
}

export interface ScopeWish {
  readonly scope: readonly string[];
  readonly grants: readonly string[];
  /** Tasks to be added at most. */
  readonly maxTasks: number;
}

/**
 * What another scope makes of a plan, by the findings of the scan that it was made from: nothing is looked for anew. Tasks
 * are added for what lies in the new scope and did not in the old one; a follow-up stays with its one task.
 */
export class RescopeQuery extends Query<Rescoped> {
  constructor(
    readonly plan: Plan,
    /** All findings of its scan. */
    readonly artifact: Sha256,
    readonly wish: ScopeWish,
  ) {
    super();
  }
}

@QueryHandler(RescopeQuery)
export class RescopeHandler implements IQueryHandler<RescopeQuery> {
  constructor(
    private readonly artifacts: ArtifactStore,
    private readonly kinds: AgentKinds,
    private readonly live: LiveWorld,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws HyperRunError scope.invalid-pattern, scope.invalid-path, repository.not-found and the like */
  async execute({ plan, artifact, wish }: RescopeQuery): Promise<Rescoped> {
    const { scope, grants, maxTasks } = wish;
    // What is wrong with the wish is said before anything is read.
    compileScope({ patterns: scope, grants });
    const settings = await this.settingsOf(plan);
    const compiled = (patterns: readonly string[], granted: readonly string[]) =>
      compileScope({ patterns, grants: granted, protect: settings.protect ?? [] });
    const [before, after] = [compiled(plan.scope, plan.grants), compiled(scope, grants)];
    const findings = Finding.array().parse(JSON.parse((await this.artifacts.get(artifact)).toString()));
    const known = this.live.world.repositories.get(plan.repository.repositoryId);
    const dismissed = known?.status === 'registered' ? known.dismissed : new Set<string>();
    const usable = (await this.kinds.list()).filter(({ unusable }) => unusable === undefined);
    const agents = Object.fromEntries(usable.map((one) => [one.kind, one]));
    const basis = { findings, dismissed, agents, placeOf: (path: string) => placeOf(after.check(path)) };
    const letIn = findings.filter(({ path }) => !before.check(path).allowed);
    const added = buildPlan({
      ...plan,
      ...basis,
      scope,
      grants,
      findings: plan.follows === undefined ? letIn : [],
      preferred: settings.agents ?? {},
      fallbacks: settings.fallbacks ?? this.config.fallbacks,
      records: this.live.world.records,
      maxTasks,
      now: Date.parse(plan.createdAt),
      ttlMs: this.config.planTtlHours * 3_600_000,
    });
    return {
      rescope: {
        scope,
        allows: (path) => after.check(path).allowed,
        findings: countFindings(basis),
        added: added.tasks,
      },
      agents: added.agents ?? [],
    };
  }

  private async settingsOf({ repository, baseCommit }: Plan) {
    const opened = await GitRepository.open(repository.path);
    try {
      const text = await (await commitTree(opened.objects, baseCommit)).read('.hyper-run.json');
      return readRepositoryConfig(text?.toString('utf8') ?? '{}');
    } finally {
      opened.close();
    }
  }
}
