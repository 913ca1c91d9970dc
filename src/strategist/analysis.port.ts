import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { agentKinds, maskSecrets } from '#agents';
import {
  HyperRunError,
  isHyperRunError,
  sprintStream,
  type EventData,
  type Finding,
  type Oid,
  type Plan,
  type PlannedTask,
} from '#contracts';
import { sprint, type Analysing, type SprintCommand, type World } from '#domain';
import { analyse, openFileCache, withAges, type Analysis } from '#findings';
import { GitRepository } from '#git';
import { mayHoldSecrets } from '#hafs';
import { commitTree, compilePattern, compileScope } from '#workspace';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { CONFIG, type Config } from '../config/config.js';
import { failpoint } from '../config/failpoint.js';
import type { Job, JobContext, JobSource } from '../tasks/job.port.js';
import { Decisions } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { buildPlan, countFindings, followUp } from './build-plan.js';
import { checkoutReports, lastCommitted } from './coverage-reports.js';
import { byWorth } from './rank.js';
import { readRepositoryConfig, type RepositoryConfig } from './repository-config.port.js';
import { verificationOf } from './verification-of.js';

const DEFAULT_SCOPE = ['docs/**', 'tests/**'];
const DEFAULT_TASKS = 3;

interface Scanned {
  readonly completed: EventData<'sprint.analysis-completed'>;
  readonly plan: Plan;
}

/** Plans that somebody asked for: look at the repository at its HEAD, and propose a small sprint with evidence. */
@Injectable()
export class AnalysisJobs implements JobSource {
  constructor(
    private readonly live: LiveWorld,
    private readonly decisions: Decisions,
    private readonly artifacts: ArtifactStore,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  jobs(world: World): readonly Job[] {
    return [...world.sprints.values()].flatMap((state) =>
      state.status === 'analysing' && state.analysis.claim === undefined
        ? [{ key: `analysis ${state.sprintId}`, run: (context: JobContext) => this.#run(state, context) }]
        : [],
    );
  }

  async #run(state: Analysing, { worker, signal }: JobContext): Promise<void> {
    const decide = (command: SprintCommand) => this.#decide(state, command, `worker:${worker}`);
    await decide({ type: 'claim-analysis', worker });
    failpoint('analysis.claimed');
    try {
      const { completed, plan } = await this.#scan(state, signal);
      failpoint('analysis.before-propose');
      await decide({ type: 'propose', worker, analysis: completed, plan });
    } catch (error) {
      const reason = (error instanceof Error ? error.message : String(error)).slice(0, 2000);
      if (signal.aborted) return decide({ type: 'interrupt-analysis', reason: 'Its worker shut down.' });
      // What the repository itself is to blame for stays so; anything else is tried again.
      if (isHyperRunError(error) && error.actor !== 'retry')
        return decide({ type: 'fail-analysis', worker, code: error.code, reason });
      await decide({ type: 'interrupt-analysis', reason });
      throw error;
    }
  }

  async #decide({ sprintId }: Analysing, command: SprintCommand, actor: string): Promise<void> {
    const outcome = await this.decisions.make({
      stream: sprintStream(sprintId),
      decider: sprint,
      command,
      issued: { id: `${command.type}/${randomUUID()}`, actor, body: command.type },
      subjects: { sprintId },
    });
    await this.live.reached(outcome.position);
  }

  async #scan(state: Analysing, signal: AbortSignal): Promise<Scanned> {
    const began = performance.now();
    const { request, sprintId } = state;
    const repository = await GitRepository.open(request.path);
    try {
      const { commit, branch, dirty } = await repository.describe();
      const tree = await commitTree(repository.objects, commit);
      const text = await tree.read('.hyper-run.json');
      const settings = readRepositoryConfig(text?.toString('utf8') ?? '{}');
      const { findings, skipped, files } = await this.#analyse(repository, commit, settings, signal);
      const scope = [...(request.scope ?? settings.scope ?? DEFAULT_SCOPE)];
      const compiled = compileScope({ patterns: scope, protect: settings.protect ?? [] });
      const dismissed = this.#dismissed(state);
      const inScope = (path: string) => compiled.check(path).allowed;
      const now = Date.now();
      const common = {
        planId: sprintId,
        repository: { repositoryId: request.repositoryId, path: request.path, name: request.name },
        baseCommit: commit,
        scope,
        inScope,
        findings,
        dismissed,
        agents: agentKinds(),
        verification: await verificationOf(tree, settings, this.config.verifySeconds),
        budgets: { wallSeconds: 1800, toolCalls: 10_000, attempts: this.config.attempts, ...settings.budgets },
        checkout: { branch, dirty },
        now,
        ttlMs: this.config.planTtlHours * 3_600_000,
      };
      const plan =
        request.followTask === undefined
          ? buildPlan({
              ...common,
              maxTasks: request.maxTasks ?? DEFAULT_TASKS,
              ...(request.focus === undefined ? {} : { focus: request.focus }),
            })
          : this.#followUp(common, request.followTask, request.follows);
      const artifact = await this.artifacts.put(JSON.stringify(byWorth(findings)));
      const completed = {
        baseCommit: commit,
        findings: countFindings(common),
        artifact,
        files,
        durationMs: Math.round(performance.now() - began),
        skipped: skipped.slice(0, 20).map(({ source, reason }) => ({ source, reason: reason.slice(0, 2000) })),
      };
      return { completed, plan };
    } finally {
      repository.close();
    }
  }

  #followUp(common: Parameters<typeof followUp>[0], task: PlannedTask, follows: Plan['follows']): Plan {
    const plan = followUp(common, task, follows);
    if (plan.tasks.length > 0) return plan;
    throw new HyperRunError(
      'task.nothing-left',
      'Nothing of what this task was about is there any more: no follow-up is needed.',
    );
  }

  /** One scan of a commit, with the facts of earlier scans; the age of what is shown comes from blame. */
  async #analyse(
    repository: GitRepository,
    commit: Oid,
    settings: RepositoryConfig,
    signal: AbortSignal,
  ): Promise<Analysis> {
    const cache = await openFileCache(
      join(this.config.dataDirectory, 'facts', `${repositoryKey(repository.path)}.json`),
    );
    const hidden = (settings.unreadable ?? []).map((pattern) => compilePattern(pattern));
    const analysis = await analyse(await commitTree(repository.objects, commit), {
      cache,
      unreadable: (path) => mayHoldSecrets(path) || hidden.some((matches) => matches(path)),
      reports: await checkoutReports(repository),
      lastChanged: lastCommitted(repository, commit),
      signal,
    });
    await cache.save();
    const findings = (await this.#aged(repository, commit, analysis.findings)).map(masked);
    return { ...analysis, findings };
  }

  async #aged(repository: GitRepository, commit: Oid, findings: readonly Finding[]): Promise<Finding[]> {
    const shown = findings.filter(({ source }) => source === 'todo').slice(0, AGED_TODOS);
    const blame = async (path: string, lines: readonly number[]) => {
      const ages = await repository.blameAges(commit, path, lines).catch(() => new Map<number, { time: number }>());
      return new Map([...ages].map(([line, { time }]) => [line, time]));
    };
    const aged = new Map((await withAges(shown, blame, Date.now())).map((finding) => [finding.findingId, finding]));
    return findings.map((finding) => aged.get(finding.findingId) ?? finding);
  }

  #dismissed({ request }: Analysing): ReadonlySet<string> {
    const known = this.live.world.repositories.get(request.repositoryId);
    return known?.status === 'registered' ? known.dismissed : new Set();
  }
}

/** Blame costs tens of milliseconds per file: only so many TODOs get their age. */
const AGED_TODOS = 50;

const repositoryKey = (path: string): string => Buffer.from(path).toString('base64url').slice(-80);

/** A finding shows the text in question: a key that somebody left in a comment is not to get into the log with it. */
const masked = (finding: Finding): Finding => ({
  ...finding,
  excerpt: maskSecrets(finding.excerpt).slice(0, 400),
  message: maskSecrets(finding.message).slice(0, 600),
});
