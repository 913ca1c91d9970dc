import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { AgentRegistry, type CommandResult } from '#agents';
import { isHyperRunError } from '#contracts';
import { event } from '#domain';
import type { GitRepository } from '#git';
import { removeTree, runInSandbox, sanitiseOutput } from '#sandbox';
import { compileScope, verificationCheckout, VirtualTree } from '#workspace';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { CONFIG, type Config } from '../config/config.js';
import { IsolationLevel } from '../isolation/isolation-level.port.js';
import { RepositorySearch } from '../search/repository-search.port.js';
import type { Attempt } from './attempt.js';
import { baseTerms } from '../strategist/base-terms.port.js';
import { TaskFailure } from './task-failure.js';

const OUTPUT_BYTES = 256 * 1024;

/** Lets the agent work, through its tools and through nothing else, on a tree in memory. */
@Injectable()
export class AgentWork {
  constructor(
    private readonly agents: AgentRegistry,
    private readonly artifacts: ArtifactStore,
    private readonly isolation: IsolationLevel,
    private readonly search: RepositorySearch,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws TaskFailure `agent-failed`, `refused` */
  async run(attempt: Attempt, repository: GitRepository, directory: string): Promise<VirtualTree> {
    const { spec, attempt: number } = attempt.claimed;
    const { task, scope: patterns, grants, baseCommit, budgets } = spec;
    const { protect, unreadable } = await baseTerms(repository, baseCommit);
    const scope = compileScope({ patterns, paths: task.paths, grants, protect });
    const tree = await VirtualTree.at({ repository, commit: baseCommit, scope });
    const { level, bwrap } = await this.isolation.measured();
    const overtime = attempt.overtime(budgets.wallSeconds * 1000);
    const confined = level === 'none' || bwrap === undefined ? undefined : bwrap;
    const agent = this.agents.create(task.agent);
    if (agent.digest !== task.agentDigest)
      throw new TaskFailure(
        'agent-failed',
        `The plan was approved for agent ${task.agentDigest}, and there is ${agent.digest} now. Ask for a new plan.`,
      );
    try {
      const { outcome, summary } = await agent.run({
        task: {
          ...task,
          instructions: agent.understandsWords ? task.instructions : '',
          baseCommit,
          attempt: number,
        },
        ports: {
          tree,
          attempt: number,
          maxCalls: budgets.toolCalls,
          signal: AbortSignal.any([attempt.signal, overtime]),
          emit: (told) => attempt.say(told),
          refuse: (refusal) => attempt.say(event('task.tool-refused', refusal)),
          search: (text, limit) => this.search.search(repository, baseCommit, text, { limit }),
          ...(confined === undefined
            ? {}
            : {
                sandboxRun: (command: string, signal: AbortSignal) =>
                  this.#runOnCopy(repository, tree, confined, command, signal, directory, attempt),
              }),
          gate: () => attempt.gate(),
          progress: () => attempt.progress(),
          keep: (content) => this.artifacts.put(content),
          unreadable,
        },
      });
      await attempt.outbox.flush();
      if (outcome === 'gave-up') throw new TaskFailure('agent-failed', `The agent gave up: ${summary}`);
      return tree;
    } catch (error) {
      attempt.signal.throwIfAborted();
      if (error instanceof TaskFailure) throw error;
      if (overtime.aborted) {
        attempt.say(
          event('task.budget-exceeded', {
            attempt: number,
            budget: 'wallSeconds',
            limit: budgets.wallSeconds,
            used: budgets.wallSeconds,
          }),
        );
        throw new TaskFailure(
          'agent-failed',
          `The agent was not done after ${budgets.wallSeconds} s, the budget of its task.`,
        );
      }
      if (isHyperRunError(error, 'log.epoch-over') || isHyperRunError(error, 'log.unavailable')) throw error;
      const kind = isHyperRunError(error, 'agent.refused-too-often') ? 'refused' : 'agent-failed';
      throw new TaskFailure(kind, `The agent failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** A command of the agent sees the tree as it is now, on a copy of its own, and nothing of what it does is kept. */
  async #runOnCopy(
    repository: GitRepository,
    tree: VirtualTree,
    bwrap: NonNullable<Parameters<typeof runInSandbox>[0]['bwrap']>,
    command: string,
    signal: AbortSignal,
    directory: string,
    attempt: Attempt,
  ): Promise<CommandResult> {
    const copy = join(directory, `run-${randomUUID()}`);
    try {
      await verificationCheckout({ repository, treeish: tree.baseCommit, directory: copy });
      for (const { path, content } of tree.changes()) {
        const target = join(copy, path);
        if (content === undefined) await rm(target, { force: true });
        else {
          await mkdir(dirname(target), { recursive: true });
          await writeFile(target, content);
        }
      }
      const run = await attempt.during(
        runInSandbox({
          bwrap,
          command,
          directory: copy,
          network: false,
          timeoutMs: this.config.verifySeconds * 1000,
          outputLimitBytes: OUTPUT_BYTES,
          signal,
        }),
      );
      return { exitCode: run.exitCode, output: sanitiseOutput(run.output), durationMs: run.durationMs };
    } finally {
      await removeTree(copy);
    }
  }
}
