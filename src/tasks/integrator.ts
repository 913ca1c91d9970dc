import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { taskStream, type FileChange, type Isolation, type Oid, type StepResult, type TaskId } from '#contracts';
import { task, type Completed, type Settled } from '#domain';
import type { EventStore } from '#event-store';
import type { GitRepository } from '#git';
import { CandidateMerger, compileScope, gate, type Part, type Shared } from '#workspace';
import { ArtifactStore } from '../artifacts/artifact-store.port.js';
import { failpoint } from '../config/failpoint.js';
import { EVENT_STORE } from '../log/log.port.js';
import { baseTerms } from '../strategist/base-terms.port.js';
import { foldUntil } from '../world/decisions.port.js';
import { NotIntegrated } from './not-integrated.js';
import { smallestFailing } from './smallest-failing.js';
import { TreeJudge } from './tree-judge.js';
import { TreeVerification, type Ground } from './tree-verification.js';

/** So many parts of the tasks are verified to find those that fail only together. Each may take as long as the whole. */
const MOST_TRIALS = 12;
/** As many as an event holds. */
const MOST_NAMED = 100;
const MOST_STEPS = 40;

/** A task that passed: what it was given, what it made, and the objects of that. */
export interface PassedTask extends Part {
  readonly commit: Oid;
  readonly spec: Settled['spec'];
  readonly pack: NonNullable<Settled['decided']>['pack'];
}

/** Passed tasks as one tree that passed as well. */
export interface Whole {
  readonly tasks: readonly PassedTask[];
  readonly tree: Oid;
  /** Where its objects lie. */
  readonly objects: string;
  readonly files: readonly FileChange[];
  readonly merged: readonly Shared[];
  readonly isolation: Isolation;
  readonly weak: boolean;
  readonly steps: readonly StepResult[];
}

interface Making {
  readonly state: Completed;
  readonly repository: GitRepository;
  /** Scratch folder of this job. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** The same, with the tasks and where their merged objects lie. */
interface Ready extends Making {
  readonly tasks: readonly PassedTask[];
  readonly merger: CandidateMerger;
  readonly objects: string;
}

/** Merges what passed tasks made of the base, and holds the whole to the measures that each of them was held to. */
@Injectable()
export class Integrator {
  constructor(
    private readonly artifacts: ArtifactStore,
    private readonly trees: TreeVerification,
    private readonly judge: TreeJudge,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  /** @throws NotIntegrated when they conflict, leave what they were given, or fail together */
  async make(making: Making): Promise<Whole> {
    const ready = await this.#prepare(making);
    const { tasks, objects } = ready;
    const merged = await ready.merger.merge(tasks);
    if (!merged.ok) throw conflicting(merged.conflicts);
    failpoint('integration.merged');
    await this.#gate(ready, merged.tree);
    const ground = await this.trees.ground();
    const steps: StepResult[] = [];
    const failure = await this.#failure(ready, tasks, merged.tree, ground, (step) => steps.push(step));
    if (failure !== undefined) throw await this.#together(ready, ground, failure, steps.slice(-MOST_STEPS));
    failpoint('integration.verified');
    return {
      tasks,
      tree: merged.tree,
      objects,
      files: await this.#files(ready, merged.tree),
      merged: merged.shared.slice(0, MOST_NAMED),
      isolation: ground.isolation,
      weak: making.state.plan.verification.weak,
      steps: steps.slice(-MOST_STEPS),
    };
  }

  async #prepare(making: Making): Promise<Ready> {
    const { state, repository, directory } = making;
    const tasks: PassedTask[] = [];
    for (const id of state.integration?.taskIds ?? []) tasks.push(await this.#passed(id));
    const objects = join(directory, 'objects');
    const packs = Promise.all(tasks.map(({ pack }) => this.artifacts.get(pack)));
    const base = state.plan.baseCommit;
    const merger = await CandidateMerger.open({ repository, directory: objects, base, packs: await packs });
    return { ...making, tasks, merger, objects };
  }

  /** As the log has it, wherever its branch has gone since. */
  async #passed(taskId: TaskId): Promise<PassedTask> {
    const state = foldUntil(task, await this.store.read(taskStream(taskId)));
    if (state.status !== 'passed' || state.decided === undefined)
      throw NotIntegrated.because(`Task ${taskId} is ${state.status}; only what passed can be merged.`);
    const { tree, commit, pack } = state.decided;
    return { taskId, tree, commit, pack, spec: state.spec };
  }

  /** Nothing outside of what these tasks were given, taken together. */
  async #gate({ state, repository, tasks, objects }: Ready, candidateTree: Oid): Promise<void> {
    const { scope: patterns, grants, baseCommit: base } = state.plan;
    const { protect } = await baseTerms(repository, base);
    const paths = [...new Set(tasks.flatMap(({ spec }) => spec.task.paths))];
    const scope = compileScope({ patterns, paths, grants, protect });
    const verdict = await gate({ repository, base, candidateTree, directory: objects, scope });
    if (verdict.ok) return;
    const [first] = verdict.violations;
    throw NotIntegrated.because(
      `Merged, they reach outside of what they were given: ${first?.path ?? ''} (${first?.rule ?? ''}).`,
    );
  }

  async #files({ state, repository, objects: directory }: Ready, tree: Oid): Promise<readonly FileChange[]> {
    const objects = repository.withPrivateObjects(directory);
    try {
      return (await objects.changes(await repository.treeOf(state.plan.baseCommit), tree)).files;
    } finally {
      objects.close();
    }
  }

  /** Why some of the tasks, merged to this tree, do not pass; undefined when they do. */
  async #failure(
    ready: Ready,
    tasks: readonly PassedTask[],
    tree: Oid,
    ground: Ground,
    onStep?: (step: StepResult) => void,
  ): Promise<string | undefined> {
    const { state, repository, directory, signal, objects } = ready;
    const { baseCommit: base, verification } = state.plan;
    signal.throwIfAborted();
    return this.judge.failure(
      {
        run: { repository, base, verification, directory, signal, ...(onStep === undefined ? {} : { onStep }) },
        tree,
        privateDirectory: objects,
        files: await this.#files(ready, tree),
        paths: tasks.flatMap(({ spec }) => spec.task.paths),
        toGo: tasks.flatMap(({ spec }) => spec.task.evidence.map(({ findingId }) => findingId)),
        ...(state.base === undefined ? {} : { base: state.base }),
      },
      ground,
    );
  }

  /** Each of them passed alone: finds those that do not pass together. */
  async #together(ready: Ready, ground: Ground, failure: string, steps: readonly StepResult[]): Promise<NotIntegrated> {
    const fails = async (some: readonly PassedTask[]) => {
      const merged = await ready.merger.merge(some);
      return merged.ok && (await this.#failure(ready, some, merged.tree, ground)) !== undefined;
    };
    const { items, smallest } = await smallestFailing(ready.tasks, fails, MOST_TRIALS);
    const ids = items.map(({ taskId }) => taskId);
    const named = { steps: [...steps], together: ids.length > 1 ? ids : [] };
    return NotIntegrated.because(`${sentence(ids, smallest)} ${failure}`, named);
  }
}

const sentence = (ids: readonly TaskId[], smallest: boolean): string => {
  const list = listed(ids);
  if (ids.length === 1) return `${list} does not pass by now, not even alone:`;
  return smallest
    ? `${list} pass alone, but not together:`
    : `Some of ${list} pass alone, but not together; which of them was not found within ${MOST_TRIALS} trials:`;
};

const listed = (ids: readonly string[]): string =>
  ids.length < 2 ? ids.join('') : `${ids.slice(0, -1).join(', ')} and ${ids.at(-1) ?? ''}`;

const conflicting = (all: readonly Shared[]): NotIntegrated => {
  const conflicts = all.slice(0, MOST_NAMED).map(({ path, taskIds }) => ({ path, taskIds: [...taskIds] }));
  const shown = conflicts.slice(0, 3).map(({ path, taskIds }) => `${path} (${listed(taskIds)})`);
  const more = all.length > shown.length ? ` and ${all.length - shown.length} more` : '';
  return NotIntegrated.because(`These files cannot be merged: ${shown.join('; ')}${more}.`, { conflicts });
};
