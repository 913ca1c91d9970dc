import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import {
  HyperRunError,
  isHyperRunError,
  TROUBLES,
  type Budgets,
  type EventData,
  type Oid,
  type Plan,
  type PlannedTask,
  type Troubles,
  type Verification,
  type WorkerId,
} from '#contracts';
import {
  USUAL_TROUBLES,
  withBudgets,
  type Analysing,
  type ModelCallEvent,
  type PlanRequest,
  type SprintCommand,
  type World,
} from '#domain';
import { GitRepository } from '#git';
import { registryAccess } from '#sandbox';
import { commitTree, compileScope } from '#workspace';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { CONFIG, type Config } from '../config/config.js';
import { failpoint } from '../config/failpoint.js';
import { isLogAway } from '../log/log-away.port.js';
import { DROPPED, type Job, type JobContext, type JobSource } from '../tasks/job.port.js';
import { AgentKinds, type KindHere } from '../swarm/agent-kinds.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { SprintDecisions } from '../world/sprint-decisions.port.js';
import { buildPlan, countFindings, followUp, planOfTasks, rankedTasks, type PlanBasis, type PlanWish } from './build-plan.js'; // prettier-ignore
import { placeOf } from './place-of.js';
import { PlanWording, type RecordCall, type WordingCall } from './plan-wording.js';
import { byWorth } from './rank.js';
import { readRepositoryConfig, type RepositoryConfig } from './repository-config.port.js';
import { Strategist } from './strategist.js';
import { verificationOf } from './verification-of.js';

const DEFAULT_SCOPE = ['docs/**', 'tests/**'];
/** How many tasks a plan has at most where nobody says it. */
export const DEFAULT_TASKS = 3;
/** Of which a model may choose. */
const MOST_CANDIDATES = 50;

/** Asked once: npm takes its time to say it. */
let known: ReturnType<typeof registryAccess> | undefined;
const registries = async () => (await (known ??= registryAccess())).env;

interface Scanned {
  readonly completed: EventData<'sprint.analysis-completed'>;
  readonly plan: Plan;
}

/** Plans that somebody asked for: look at the repository at its HEAD, and propose a small sprint with evidence. */
@Injectable()
export class AnalysisJobs implements JobSource {
  constructor(
    private readonly live: LiveWorld,
    private readonly decisions: SprintDecisions,
    private readonly artifacts: ArtifactStore,
    private readonly strategist: Strategist,
    private readonly kinds: AgentKinds,
    private readonly wording: PlanWording,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  jobs(world: World): readonly Job[] {
    return [...world.sprints.values()].flatMap((state) =>
      state.status === 'analysing' && state.analysis.claim === undefined
        ? [{ key: `analysis ${state.sprintId}`, run: (context: JobContext) => this.#run(state, context) }]
        : [],
    );
  }

  held(world: World, worker: WorkerId): readonly Job[] {
    const given = { type: 'interrupt-analysis', worker, reason: DROPPED } as const;
    return [...world.sprints.values()].flatMap((state) =>
      state.status === 'analysing' && state.analysis.claim?.worker === worker
        ? [{ key: `analysis ${state.sprintId}`, run: () => this.decisions.byWorker(worker, state.sprintId, given) }]
        : [],
    );
  }

  async #run(state: Analysing, { worker, signal }: JobContext): Promise<void> {
    const decide = (command: SprintCommand) => this.decisions.byWorker(worker, state.sprintId, command);
    await decide({ type: 'claim-analysis', worker });
    failpoint('analysis.claimed');
    try {
      const record = (call: ModelCallEvent) => decide({ type: 'record-model-call', worker, call });
      const { completed, plan } = await this.#scan(state, signal, record);
      failpoint('analysis.before-propose');
      await decide({ type: 'propose', worker, analysis: completed, plan });
    } catch (error) {
      const reason = (error instanceof Error ? error.message : String(error)).slice(0, 2000);
      if (signal.aborted) return decide({ type: 'interrupt-analysis', worker, reason: 'Its worker shut down.' });
      // What the repository itself is to blame for stays so; anything else is tried again.
      if (isHyperRunError(error) && error.actor !== 'retry' && !isLogAway(error))
        return decide({ type: 'fail-analysis', worker, code: error.code, reason });
      await decide({ type: 'interrupt-analysis', worker, reason });
      throw error;
    }
  }

  async #scan(state: Analysing, signal: AbortSignal, record: RecordCall): Promise<Scanned> {
    const began = performance.now();
    const { request, sprintId } = state;
    const repository = await GitRepository.open(request.path);
    try {
      const { commit, branch, dirty } = await repository.describe();
      const tree = await commitTree(repository.objects, commit);
      const text = await tree.read('.hyper-run.json');
      const settings = readRepositoryConfig(text?.toString('utf8') ?? '{}');
      const { findings, skipped, files } = await this.strategist.analyzeCodebase(repository, commit, settings, signal);
      const scope = [...(request.scope ?? settings.scope ?? DEFAULT_SCOPE)];
      const grants = request.grants ?? [];
      const compiled = compileScope({ patterns: scope, grants, protect: settings.protect ?? [] });
      const dismissed = this.#dismissed(state);
      const verification = await verificationOf(tree, settings, this.config.verifySeconds, registries);
      const kinds = await this.kinds.list();
      const usable = kinds.filter(({ unusable }) => unusable === undefined);
      const agents = Object.fromEntries(usable.map((one) => [one.kind, one]));
      const now = Date.now();
      const common = {
        planId: sprintId,
        repository: { repositoryId: request.repositoryId, path: request.path, name: request.name },
        baseCommit: commit,
        scope,
        placeOf: (path: string) => placeOf(compiled.check(path)),
        findings,
        dismissed,
        agents,
        preferred: settings.agents ?? {},
        fallbacks: settings.fallbacks ?? this.config.fallbacks,
        records: this.live.world.records,
        grants,
        verification,
        knownBase: this.#knownBase(state, commit, verification),
        budgets: withBudgets(withBudgets(this.#budgets(), settings.budgets ?? {}), request.budgets ?? {}),
        ...unusual({ ...this.config.troubles, ...settings.troubles }),
        checkout: { branch, dirty },
        now,
        ttlMs: this.config.planTtlHours * 3_600_000,
      };
      const wish = {
        ...common,
        maxTasks: request.maxTasks ?? DEFAULT_TASKS,
        ...(request.focus === undefined ? {} : { focus: request.focus }),
      };
      const { plan, unworded = [] } =
        request.followTask === undefined
          ? await this.#proposed(wish, { attempt: state.analysis.attempts + 1, signal, record })
          : { plan: this.#followUp(common, request.followTask, request) };
      const artifact = await this.artifacts.putText(JSON.stringify(byWorth(findings)));
      const completed = {
        baseCommit: commit,
        findings: countFindings(common),
        artifact,
        files,
        durationMs: Math.round(performance.now() - began),
        skipped: [...unworded, ...skipped, ...notThere({ agents: settings.agents, fallbacks: common.fallbacks }, kinds)]
          .slice(0, 20)
          .map(({ source, reason }) => ({ source, reason: reason.slice(0, 2000) })),
      };
      return { completed, plan };
    } finally {
      repository.close();
    }
  }

  /** By rules, or by the model that the operator has for it; `unworded`: why that model's answer was not taken. */
  async #proposed(
    wish: PlanWish,
    call: Pick<WordingCall, 'attempt' | 'signal' | 'record'>,
  ): Promise<{
    readonly plan: Plan;
    readonly unworded?: readonly { readonly source: string; readonly reason: string }[];
  }> {
    const plan = buildPlan(wish);
    if (!this.wording.isOn || plan.tasks.length === 0) return { plan };
    const candidates = rankedTasks(wish, Math.min(MOST_CANDIDATES, wish.maxTasks * 2));
    const wording = await this.wording.word(candidates, { count: plan.tasks.length, focus: wish.focus, ...call });
    return 'tasks' in wording
      ? { plan: planOfTasks(wish, wording.tasks, wording.worded) }
      : { plan, unworded: [{ source: 'wording', reason: wording.reason }] };
  }

  #followUp(common: PlanBasis, before: PlannedTask, { follows, changes, agent }: PlanRequest): Plan {
    const plan = followUp(common, { before, follows, changes, agent });
    if (plan.tasks.length > 0) return plan;
    throw new HyperRunError(
      'task.nothing-left',
      'Nothing of what this task was about is there any more: no follow-up is needed.',
    );
  }

  /** What the newest sprint on the same commit with the same commands found out about it. */
  #knownBase({ request }: Analysing, commit: Oid, { commands, setup }: Verification): Plan['knownBase'] {
    const same = (plan: Plan) =>
      plan.baseCommit === commit &&
      isDeepStrictEqual([plan.verification.commands, plan.verification.setup], [commands, setup]);
    const found = [...this.live.world.sprints.values()].flatMap((state) =>
      'base' in state &&
      state.base !== undefined &&
      state.request.repositoryId === request.repositoryId &&
      same(state.plan)
        ? [{ base: state.base, at: state.approvedAt }]
        : [],
    );
    const newest = found.toSorted((a, b) => b.at - a.at)[0];
    if (newest === undefined) return undefined;
    const { outcome, reason } = newest.base;
    return { outcome, ...(reason === undefined ? {} : { reason }), at: new Date(newest.at).toISOString() };
  }

  #budgets(): Budgets {
    return { wallSeconds: 1800, toolCalls: 10_000, attempts: this.config.attempts };
  }

  #dismissed({ request }: Analysing): ReadonlySet<string> {
    const known = this.live.world.repositories.get(request.repositoryId);
    return known?.status === 'registered' ? known.dismissed : new Set();
  }
}

const unusual = (troubles: Troubles): { readonly troubles?: Troubles } =>
  TROUBLES.every((trouble) => troubles[trouble] === USUAL_TROUBLES[trouble]) ? {} : { troubles };

/** Agents that cannot be asked although somebody wants them: what they were to do is left out, and that is said. */
const notThere = (
  { agents: chosen = {}, fallbacks }: Pick<RepositoryConfig, 'agents'> & { readonly fallbacks: readonly string[] },
  kinds: readonly KindHere[],
) => [
  ...kinds.flatMap(({ kind, unusable }) =>
    unusable === undefined ? [] : [{ source: kind, reason: `This agent cannot work here: ${unusable}` }],
  ),
  ...Object.entries(chosen).flatMap(([source, wanted]) =>
    kinds.some(({ kind }) => kind === wanted)
      ? []
      : [
          {
            source,
            reason: `.hyper-run.json chooses agent ${JSON.stringify(wanted)}, which this service does not have`,
          },
        ],
  ),
  ...fallbacks
    .filter((wanted) => !kinds.some(({ kind }) => kind === wanted))
    .map((wanted) => ({ source: 'fallbacks', reason: `This service does not have agent ${JSON.stringify(wanted)}` })),
];
