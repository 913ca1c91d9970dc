import { Inject, Injectable } from '@nestjs/common';
import { AgentRegistry, modelOf, type AgentTask, type BaseAgent } from '#agents';
import { isHyperRunError, type RequestedChanges, type Trouble } from '#contracts';
import { agentOf } from '#domain';
import type { GitRepository } from '#git';
import { compileScope, VirtualTree } from '#workspace';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { CONFIG, type Config } from '../config/config.js';
import { knownSecrets } from '../config/secrets.js';
import { isLogAway } from '../log/log-away.port.js';
import { IsolationLevel, type Measured } from '../isolation/isolation-level.port.js';
import { RemoteAgents } from '../remote/remote-agents.port.js';
import { RepositorySearch } from '../search/repository-search.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import type { Attempt } from './attempt.js';
import { Checkouts } from './checkouts.js';
import { memoryWorkplace } from './memory-workplace.js';
import { openModelWay, type ModelWay } from './model-way.port.js';
import { sandboxWorkplace, type SandboxPlace } from './sandbox-workplace.js';
import { TreeVerification } from './tree-verification.js';
import type { Workplace } from './workplace.js';
import { baseTerms } from '../strategist/base-terms.port.js';
import { Oversight } from './oversight.js';
import { TaskFailure } from './task-failure.js';
import { abortAfter } from './work-clock.js';

/** Not the agent's doing: the attempt is broken off, and the task tried again. */
const isAccident = (error: unknown): boolean =>
  isLogAway(error) || isHyperRunError(error, 'log.epoch-over') || isHyperRunError(error, 'sandbox.no-space');

/** What a person decided by the plan or by an answer is no trouble of the agent's own. */
const DECIDED = ['agent.refused-too-often', 'agent.budget-exceeded', 'agent.unanswered'];

const troubleOf = (error: unknown): Trouble | undefined => {
  if (DECIDED.some((code) => isHyperRunError(error, code))) return undefined;
  return isHyperRunError(error, 'agent.looping') ? 'looping' : 'crashed';
};

/** Lets the agent work: through its tools on a tree in memory, or as a program of its own in a sandbox. */
@Injectable()
export class AgentWork {
  constructor(
    private readonly agents: AgentRegistry,
    private readonly artifacts: ArtifactStore,
    private readonly isolation: IsolationLevel,
    private readonly search: RepositorySearch,
    private readonly checkouts: Checkouts,
    private readonly trees: TreeVerification,
    private readonly live: LiveWorld,
    private readonly remote: RemoteAgents,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws TaskFailure `agent-failed`, `refused` */
  async run(attempt: Attempt, repository: GitRepository, directory: string): Promise<VirtualTree> {
    const { spec, attempt: number } = attempt.claimed;
    const { task, scope: patterns, grants, baseCommit } = spec;
    const { protect, unreadable } = await baseTerms(repository, baseCommit);
    const scope = compileScope({ patterns, paths: task.paths, grants, protect });
    const tree = await VirtualTree.at({ repository, commit: baseCommit, scope });
    const agent = this.agents.create(agentOf(attempt.claimed).kind);
    const oversight = new Oversight(attempt, this.live);
    const overseen = {
      ...oversight.ports,
      attempt: number,
      progress: () => attempt.progress(),
      begin: () => attempt.begin(),
      abortAfter: (ms: number, until: AbortSignal) =>
        abortAfter(ms, {
          runs: () => attempt.runs(),
          onChange: (listener) => this.live.onChange(listener),
          until: AbortSignal.any([attempt.signal, until]),
        }),
    };
    const way = await this.#modelWay(agent, attempt, overseen);
    const loopbacks = way?.loopbacks ?? [];
    const onBlock = (listener: (blocked: boolean) => void) => attempt.onBlock(listener);
    const keep = (content: Buffer) => this.artifacts.putText(content);
    const place = { attempt, repository, tree, directory, unreadable, loopbacks, onBlock, keep };
    const workplace = await this.#workplace(agent, place).catch(async (error: unknown) => {
      await way?.close();
      throw error;
    });
    const desk = this.remote.isRemote(agent.kind) ? this.#desk(attempt) : undefined;
    // What a program does by itself nobody can hold: a pause waits for the end of its turn, or of the grace.
    const ended = desk ? attempt.rest() : agent.workplace === 'sandbox' ? attempt.begin() : undefined;
    try {
      const { outcome, summary } = await agent.run({
        task: {
          ...task,
          changes: await this.#changes(task.changes),
          instructions: agent.understandsWords ? task.instructions : '',
          baseCommit,
          attempt: number,
          answers: oversight.answers,
        },
        ports: {
          ...workplace.ports,
          ...overseen,
          ...(way && { model: way.access }),
          ...(desk && { remote: desk }),
          search: (text, limit) => this.search.search(repository, baseCommit, text, { limit }),
          keep,
          unreadable,
          secrets: knownSecrets(),
        },
      });
      ended?.();
      await way?.close();
      await way?.settled();
      await oversight.settled();
      await attempt.outbox.flush();
      if (outcome === 'gave-up')
        throw new TaskFailure('agent-failed', `The agent gave up: ${workplace.limit() ?? summary}`);
      return await workplace.collect();
    } catch (error) {
      attempt.signal.throwIfAborted();
      if (error instanceof TaskFailure) throw error;
      if (isAccident(error)) throw error;
      const kind = isHyperRunError(error, 'agent.refused-too-often') ? 'refused' : 'agent-failed';
      const said = isHyperRunError(error, 'agent.looping') ? oversight.troubles.said : undefined;
      const why = workplace.limit() ?? (error instanceof Error ? error.message : String(error));
      throw new TaskFailure(kind, `The agent failed: ${why}`, troubleOf(error), said);
    } finally {
      ended?.();
      desk?.close();
      oversight.close();
      await way?.close();
      await workplace.close();
    }
  }

  #desk(attempt: Attempt): ReturnType<RemoteAgents['serve']> {
    const { taskId, agentId, spec, attempt: number } = attempt.claimed;
    const isBlocked = () => this.live.world.tasks.get(taskId)?.status === 'blocked';
    return this.remote.serve({
      ...{ agentId, taskId, attempt: number, scope: spec.scope, budgets: spec.budgets, signal: attempt.signal },
      waitsFor: () => (attempt.runs() ? 'work' : isBlocked() ? 'person' : 'pause'),
    });
  }

  /** Undefined where the agent has no model. @throws TaskFailure `agent-failed` */
  async #modelWay(
    agent: BaseAgent,
    { claimed }: Attempt,
    ports: Parameters<typeof openModelWay>[1],
  ): Promise<ModelWay | undefined> {
    const { kind, planned } = agentOf(claimed);
    const model = modelOf(this.agents.describe(kind).definition);
    if (model === undefined) return undefined;
    try {
      return await openModelWay({ model, planned, workplace: agent.workplace }, ports, this.config);
    } catch (error) {
      if (!isHyperRunError(error)) throw error;
      throw new TaskFailure('agent-failed', error.message, 'crashed');
    }
  }

  /** What a person said about an earlier candidate, with that candidate itself. */
  async #changes(asked: RequestedChanges | undefined): Promise<AgentTask['changes']> {
    if (asked === undefined) return undefined;
    const { comment, patch } = asked;
    return patch === undefined ? { comment } : { comment, patch: (await this.artifacts.get(patch)).toString('utf8') };
  }

  async #workplace(
    agent: BaseAgent,
    place: Pick<
      Parameters<typeof sandboxWorkplace>[0],
      'attempt' | 'repository' | 'tree' | 'directory' | 'unreadable' | 'loopbacks' | 'onBlock' | 'keep'
    >,
  ): Promise<Workplace> {
    const measured = await this.isolation.measured();
    const commandSeconds = this.config.verifySeconds;
    if (agent.workplace !== 'sandbox') return memoryWorkplace({ ...place, commandSeconds, bwrap: measured.bwrap });
    const setup = measured.bwrap === undefined ? undefined : await this.#setup(place, measured);
    const more = { measured, commandSeconds, checkouts: this.checkouts, ...(setup && { setup }) };
    return sandboxWorkplace({ ...place, ...more });
  }

  /** What the set-up of the base made, as the verification will have it. One that fails is told by that. */
  #setup(
    { attempt, repository, directory }: Pick<SandboxPlace, 'attempt' | 'repository' | 'directory'>,
    measured: Measured,
  ) {
    const { baseCommit: base, verification } = attempt.claimed.spec;
    const run = { repository, base, verification, directory, signal: attempt.signal, gate: () => attempt.gate() };
    return attempt.during(this.trees.setup(run, { isolation: measured.level, measured }));
  }
}
