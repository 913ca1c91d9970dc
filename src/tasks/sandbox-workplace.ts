import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { WorkspaceTree, type AgentProcess, type AgentProgram, type AgentWorkspace, type CommandResult } from '#agents';
import { HyperRunError, type Sha256 } from '#contracts';
import { event } from '#domain';
import { ignoredAmong, ofListing, type GitRepository } from '#git';
import { mayHoldSecrets } from '#hafs';
import {
  fillHome,
  makeMountPoints,
  openTreeSpace,
  removeTree,
  runOnTree,
  sanitiseOutput,
  spaceOwner,
  startOnTree,
  type LiveChild,
  type Loopback,
  type SandboxedTree,
  type SetupResult,
} from '#sandbox';
import {
  agentView,
  applyView,
  collect,
  LiveChanges,
  type ChangedTree,
  type HeldCheckout,
  type VirtualTree,
} from '#workspace';
import type { Measured } from '../isolation/isolation-level.port.js';
import type { Attempt } from './attempt.js';
import type { Checkouts } from './checkouts.js';
import { OUTPUT_BYTES } from './memory-workplace.js';
import { TaskFailure } from './task-failure.js';
import type { Workplace } from './workplace.js';
import { WorkspaceWatch } from './workspace-watch.js';

export interface SandboxPlace {
  readonly attempt: Attempt;
  readonly repository: GitRepository;
  /** At the base commit, with the scope of the task. */
  readonly tree: VirtualTree;
  readonly directory: string;
  readonly measured: Measured;
  readonly checkouts: Checkouts;
  readonly unreadable: (path: string) => boolean;
  readonly commandSeconds: number;
  /** What the set-up of the base made, read-only. */
  readonly setup?: Pick<SetupResult, 'mounts' | 'scratch'>;
  /** Ports inside, behind which the service answers. */
  readonly loopbacks?: readonly Loopback[];
  /** Keeps what its programs were seen to write, by its SHA-256. Absent: it is not looked at before they have ended. */
  readonly keep?: (content: Buffer) => Promise<Sha256>;
  /** Calls back when the task begins or ends to wait for a person: meanwhile all programs stand still. Returns how to stop that. */
  readonly onBlock?: (listener: (blocked: boolean) => void) => () => void;
}

/**
 * A sandbox with the tree of the base commit in it, for an agent that is a program of its own.
 * @throws TaskFailure `agent-failed` where nothing confines it
 */
export const sandboxWorkplace = async (place: SandboxPlace): Promise<Workplace> => {
  const { repository, tree, measured, checkouts, unreadable, setup = { mounts: [], scratch: [] } } = place;
  const { bwrap, overlay } = measured;
  if (bwrap === undefined)
    throw new TaskFailure(
      'agent-failed',
      `The agent works only in a sandbox, and there is none: ${measured.why}`,
      'unavailable',
    );
  const directory = join(place.directory, 'workspace');
  const files = await repository.listFiles(tree.baseCommit);
  const secrets = secretsAmong(files);
  const view = agentView(files, tree.scope.patterns, (path) => secrets.has(path) || unreadable(path));
  const checkout = await checkouts.hold(repository, tree.baseCommit, bwrap);
  try {
    await mkdir(directory, { mode: 0o700 });
    let points: readonly string[] = [];
    const prepare = async (folder: string) => {
      await applyView(view, folder);
      points = await makeMountPoints(folder, setup.mounts);
    };
    const space = await openTreeSpace({ bwrap, overlay, lower: checkout.directory, directory, prepare });
    const { writable, fixed } = view;
    const sandbox = { bwrap, space, writable, fixed, readOnly: setup.mounts, scratch: setup.scratch };
    const without = [...fixed, ...points];
    const changed: ChangedPlace = {
      changed: space.upper ?? space.visible.tree,
      now: space.visible.tree,
      below: checkout.directory,
      files,
      hidden: view.hidden,
      ignored: (entries) => ignoredAmong(repository, checkout.directory, entries),
      ...(space.upper === undefined && { given: new Set(without) }),
    };
    return new SandboxWorkplace(place, sandbox, changed, without, checkout, directory);
  } catch (error) {
    checkout.release();
    throw error;
  }
};

const watchOf = ({ attempt, keep, unreadable }: SandboxPlace, changed: ChangedPlace) => {
  if (keep === undefined) return undefined;
  const shut = (path: string) => mayHoldSecrets(path) || unreadable(path);
  return new WorkspaceWatch(new LiveChanges({ ...changed, unreadable: shut }), attempt, keep);
};

const secretsAmong = ofListing((files) => new Set(files.map(({ path }) => path).filter(mayHoldSecrets)));

type ChangedPlace = Omit<ChangedTree, 'tree'>;

class SandboxWorkplace implements Workplace, AgentWorkspace {
  readonly ports: Workplace['ports'];
  readonly #over = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  readonly #children = new Set<LiveChild>();
  readonly #watch: WorkspaceWatch | undefined;
  readonly #forget: (() => void) | undefined;
  #blocked = false;
  #ran = false;
  #home: string | undefined;
  #limit: string | undefined;

  constructor(
    private readonly place: SandboxPlace,
    private readonly sandbox: SandboxedTree,
    private readonly changed: ChangedPlace,
    /** Of the tree, and yet no part of it: what its view holds shut, and what a set-up made. */
    without: readonly string[],
    private readonly checkout: HeldCheckout,
    private readonly directory: string,
  ) {
    const hand = { start: (program: AgentProgram) => this.#start(program) };
    const tree = new WorkspaceTree(hand, place.tree.scope, without);
    this.#watch = watchOf(place, changed);
    this.ports = {
      tree: this.#watch?.noting(tree) ?? tree,
      workspace: this,
      sandboxRun: (command, signal) => this.#run(command, signal),
    };
    this.#forget = place.onBlock?.((blocked) => this.#hold(blocked));
  }

  /** Without a signal of its own, a program is not ended with the attempt, but by whoever started it, or when all of this closes. */
  async start(program: AgentProgram): Promise<AgentProcess> {
    await this.#fillHome(program);
    this.#ran = true;
    this.place.attempt.signal.throwIfAborted();
    this.#watch?.begin(this.#over.signal);
    const signal = program.signal ?? this.#over.signal;
    const child = await this.#start({ ...program, signal }, this.place.loopbacks);
    this.#children.add(child);
    void child.ended.then(() => this.#children.delete(child));
    if (this.#blocked) void child.standStill(true);
    return child;
  }

  limit(): string | undefined {
    return this.#limit;
  }

  async collect(): Promise<VirtualTree> {
    await this.#end();
    if (this.#limit !== undefined)
      throw new TaskFailure('agent-failed', `The agent reached a limit. ${this.#limit}`, 'crashed');
    const { tree, attempt } = this.place;
    const { space } = this.sandbox;
    space.assertThere();
    const violations = await collect({ ...this.changed, tree });
    space.assertThere();
    const [first] = violations;
    if (first === undefined) {
      await this.#watch?.end(tree.changes());
      return tree;
    }
    const shown = violations.map(({ path, rule }) => ({ path: path.slice(0, 2048), rule }));
    attempt.say(
      event('task.scope-violated', { attempt: attempt.claimed.attempt, stage: 'collect', violations: shown }),
    );
    throw new TaskFailure('scope-violated', `The agent reached outside its scope: ${first.path} (${first.rule}).`);
  }

  async close(): Promise<void> {
    await this.#end();
    await this.sandbox.space.close();
    this.checkout.release();
    await removeTree(this.directory);
  }

  async #start(program: AgentProgram, loopbacks: readonly Loopback[] = []): Promise<LiveChild> {
    const { argv, env = {}, readOnly = [] } = program;
    const signal = AbortSignal.any([this.#over.signal, program.signal ?? this.place.attempt.signal]);
    signal.throwIfAborted();
    const starting = startOnTree(this.sandbox, {
      argv,
      env,
      readOnly,
      loopbacks,
      signal,
      onWork: () => this.place.attempt.progress(),
    });
    this.#track(starting.then(async ({ ended }) => (this.#limit ??= (await ended).limit)));
    return starting;
  }

  /** Once, before the agent ran anything: what a program left there is not to be written through. */
  async #fillHome({ home, homeTemplate }: AgentProgram): Promise<void> {
    if (home === undefined && homeTemplate === undefined) return;
    const wanted = JSON.stringify([home, homeTemplate]);
    if (this.#home === wanted) return;
    if (this.#ran || this.#home !== undefined)
      throw new HyperRunError(
        'sandbox.home-in-use',
        'The home folder of a workspace is filled once, for its first program.',
      );
    this.#home = wanted;
    const { space, bwrap } = this.sandbox;
    await fillHome(space, { files: home, template: homeTemplate }, spaceOwner(bwrap));
  }

  async #run(command: string, signal: AbortSignal): Promise<CommandResult> {
    this.#ran = true;
    const { attempt, commandSeconds } = this.place;
    const limits = { timeoutMs: commandSeconds * 1000, outputLimitBytes: OUTPUT_BYTES };
    const running = runOnTree(this.sandbox, { command, ...limits, signal: this.#until(signal) });
    this.#track(running);
    const run = await attempt.during(running);
    return { exitCode: run.exitCode, output: sanitiseOutput(run.output), durationMs: run.durationMs };
  }

  #until(signal?: AbortSignal): AbortSignal {
    return AbortSignal.any([this.#over.signal, this.place.attempt.signal, ...(signal ? [signal] : [])]);
  }

  #track(work: Promise<unknown>): void {
    this.#running.add(work);
    const settled = () => this.#running.delete(work);
    work.then(settled, settled);
  }

  #hold(blocked: boolean): void {
    this.#blocked = blocked;
    for (const child of this.#children) void child.standStill(blocked);
  }

  /** Nothing of the agent runs any more, and nothing will. */
  async #end(): Promise<void> {
    this.#forget?.();
    this.#over.abort(new HyperRunError('sandbox.over', 'The work in this sandbox is over.'));
    await Promise.allSettled(this.#running);
    await this.#watch?.ended();
  }
}
