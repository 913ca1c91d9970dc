import { join } from 'node:path';
import {
  agentStream,
  repositoryStream,
  sprintStream,
  taskStream,
  type AgentId,
  type AnyEvent,
  type Epoch,
  type Finding,
  type Oid,
  type Plan,
  type PlannedTask,
  type RepositoryId,
  type SprintId,
  type StreamName,
  type TaskId,
  type WorkerId,
} from '#contracts';
import { event } from '#domain';
import { commandHash, newId, RedisEventStore, type EventStore, type StreamWrite } from '#event-store';
import { ArtifactStore } from '../../src/artifacts/artifact-store.port.js';
import { planOf, plannedTask } from '../../libs/domain/src/plan.fixture.js';

const BATCH = 200;

const scanned = async (
  { dataDirectory, findings }: NonNullable<StoryOptions['scan']>,
  { baseCommit, findings: counts }: Plan,
) => {
  const artifact = await new ArtifactStore(join(dataDirectory, 'artifacts')).putText(JSON.stringify(findings));
  return event('sprint.analysis-completed', {
    baseCommit,
    findings: counts,
    artifact,
    files: 1,
    durationMs: 1,
    skipped: [],
  });
};

const worded = (task: PlannedTask, words: string | undefined): PlannedTask =>
  words === undefined
    ? task
    : {
        ...task,
        title: words.slice(0, 160),
        rationale: words.slice(0, 1000),
        instructions: words.slice(0, 4000),
        evidence: task.evidence.map((each) => ({
          ...each,
          excerpt: words.slice(0, 400),
          message: words.slice(0, 600),
          how: words.slice(0, 300),
        })),
      };

export interface StoryOptions {
  readonly sprintId?: string;
  /** Of its agents: another story on the same log needs another one. */
  readonly kind?: string;
  readonly tasks?: number;
  readonly agents?: number;
  /** The repository that it works on; without one there is none. */
  readonly repository?: { readonly path: string; readonly baseCommit: Oid };
  /** What agents, plans and tasks are called, and why: as much of it as may stand there. */
  readonly words?: string;
  /** What its scan found, kept in the data directory of the service. */
  readonly scan?: { readonly dataDirectory: string; readonly findings: readonly Finding[] };
}

/** Told by itself: a sprint that no agent ran, written into the log of a service that only answers (`HYPER_RUN_ROLES=api`). */
export class Story {
  private constructor(
    private readonly store: EventStore,
    readonly sprintId: SprintId,
    private readonly kind: string,
  ) {}

  /** On the Redis at a socket; as its first events, agents of a kind and a sprint of so many tasks, all claimed. */
  static async begin(socket: string, options: StoryOptions = {}): Promise<Story> {
    const { sprintId = 's-story', kind = 'links', tasks = 2, agents = tasks } = options;
    const store = await RedisEventStore.open({ redis: { path: socket } });
    const story = new Story(store, sprintId as SprintId, kind);
    await story.#open(tasks, agents, options);
    return story;
  }

  async #open(tasks: number, agents: number, { scan, repository, words }: StoryOptions): Promise<void> {
    const { sprintId } = this;
    const repositoryId = `r-${sprintId}` as RepositoryId;
    const planned = Array.from({ length: tasks }, (_, index) => worded(plannedTask(this.taskId(index + 1)), words));
    const place = { repositoryId, path: repository?.path ?? '/srv/atlas', name: 'atlas' };
    const base = repository === undefined ? {} : { baseCommit: repository.baseCommit };
    const plan = { ...planOf(...planned), ...base, planId: sprintId, repository: place };
    const taskIds = planned.map(({ taskId }) => taskId);
    await this.write(repositoryStream(repositoryId), event('repository.registered', place));
    for (let index = 1; index <= agents; index++) {
      const agentId = this.agentId(index);
      const registered = event('agent.registered', {
        agentId,
        kind: 'links',
        name: words?.slice(0, 80) ?? 'Links',
        role: words?.slice(0, 200) ?? 'Mends broken links',
      });
      await this.write(agentStream(agentId), registered);
    }
    await this.write(
      sprintStream(sprintId),
      event('sprint.plan-requested', { sprintId, ...place }),
      ...(scan === undefined ? [] : [await scanned(scan, plan)]),
      event('sprint.plan-proposed', { plan }),
      event('sprint.plan-approved', { planHash: plan.planHash, taskIds, declined: [], unattended: false }),
      event('sprint.started', { baseAccepted: true }),
    );
    const { baseCommit, scope, grants, verification, budgets } = plan;
    const common = {
      sprintId,
      repositoryId,
      repositoryPath: place.path,
      baseCommit,
      scope,
      grants,
      verification,
      budgets,
    };
    for (const [index, task] of planned.entries()) {
      const claim = { worker: 'w-story' as WorkerId, agentId: this.agentId(index + 1), epoch: 1 as Epoch, attempt: 1 };
      await this.act(index + 1, event('task.queued', { ...common, task }), event('task.claimed', claim));
    }
  }

  taskId(number: number): TaskId {
    return `${this.sprintId}-t-${number}` as TaskId;
  }

  agentId(number: number): AgentId {
    return `${this.kind}-${number}` as AgentId;
  }

  /** Something happens in a task. */
  async act(task: number, ...events: readonly AnyEvent[]): Promise<void> {
    for (let from = 0; from < events.length; from += BATCH)
      await this.write(taskStream(this.taskId(task)), ...events.slice(from, from + BATCH));
  }

  /** So many reads in a row, of `docs/<name>-1.md` and so on. */
  async read(task: number, count: number, name: string): Promise<void> {
    const reads = Array.from({ length: count }, (_, index) =>
      event('action.file-read', { attempt: 1, origin: 'observed', path: `docs/${name}-${index + 1}.md`, bytes: 100 }),
    );
    await this.act(task, ...reads);
  }

  /** A task writes a file, whose content is kept in the data directory of the service. */
  async writeFile(task: number, dataDirectory: string, path: string, text: string): Promise<void> {
    const content = await new ArtifactStore(join(dataDirectory, 'artifacts')).putText(text);
    const bytes = Buffer.byteLength(text);
    await this.act(task, event('action.file-written', { attempt: 1, origin: 'observed', path, bytes, content }));
  }

  async write(stream: StreamName, ...events: readonly AnyEvent[]): Promise<void> {
    const { version } = await this.store.head(stream);
    const guard = { kind: 'exact', version } as const;
    const write: StreamWrite = { stream, guard, subjects: this.#subjects(stream), events };
    const commandId = newId();
    await this.store.append({
      commandId,
      commandHash: commandHash(commandId),
      actor: 'worker:w-story',
      writes: [write],
    });
  }

  #subjects(stream: StreamName) {
    const { sprintId } = this;
    if (stream.startsWith('sprint-')) return { sprintId };
    if (stream.startsWith('agent-')) return { agentId: stream.slice(6) as AgentId };
    if (!stream.startsWith('task-')) return {};
    const taskId = stream.slice(5) as TaskId;
    return { sprintId, taskId, agentId: this.agentId(Number(taskId.split('-').at(-1))) };
  }

  /** Everything that is open passes or fails, and the sprint is over. */
  async end(...outcomes: readonly ('passed' | 'failed')[]): Promise<void> {
    for (const [index, outcome] of outcomes.entries()) {
      const taskId = this.taskId(index + 1);
      const branch = `hyper-run/${taskId}`;
      const last =
        outcome === 'failed'
          ? event('task.failed', {
              attempt: 1,
              kind: 'no-change',
              trouble: 'no-change',
              reason: 'The agent changed nothing.',
            })
          : event('task.passed', { branch, commit: 'c'.repeat(40) as never });
      await this.act(index + 1, last);
      await this.write(sprintStream(this.sprintId), event('sprint.task-settled', { taskId, outcome }));
    }
    const tasks = { passed: outcomes.length, failed: 0, cancelled: 0, declined: 0, discarded: 0 };
    await this.write(
      sprintStream(this.sprintId),
      event('sprint.completed', { outcome: 'completed', tasks, heads: [] }),
    );
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
