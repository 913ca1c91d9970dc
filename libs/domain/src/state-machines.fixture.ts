// Random commands against the rules, and what has to hold whatever comes: the body of a quick and of a long test.
import * as fc from 'fast-check';
import {
  isHyperRunError,
  type AgentId,
  type AnyEvent,
  type BlockKind,
  type Oid,
  type Sha256,
  type TaskId,
  type Trouble,
  type Version,
  type WorkerId,
} from '#contracts';
import { agent, type AgentCommand, type AgentState } from './agent.js';
import { event, type Decider, type Told } from './decider.js';
import * as fixture from './plan.fixture.js';
import { repository, type RepositoryCommand, type RepositoryState } from './repository.js';
import { isActive, isIntegrating, sprint, type SprintCommand, type SprintState } from './sprint.js';
import { raisesEpoch } from './task-decisions.js';
import {
  agentOf,
  fallbacksOf,
  holderOf,
  isTaskSettled,
  mayBeTried,
  task,
  type Handover,
  type TaskCommand,
  type TaskState,
} from './task.js';

/** One stream: its state and the epoch that the log holds for it. */
interface Stream<State> {
  state: State;
  version: number;
  time: number;
  epoch: number;
}

const broken = (what: string, ...about: readonly unknown[]): never => {
  throw new Error(`${what}: ${about.map((one) => JSON.stringify(one)).join(' ')}`);
};
const expectThat = (holds: boolean, what: string, ...about: readonly unknown[]): void => {
  if (!holds) broken(what, ...about);
};

/** Alerts are told to people; a state may do without them. */
const changesNothing = ({ type }: AnyEvent): boolean => type.startsWith('alert.');

/** Folds an event in; `check` sees what was before and what is now. */
const happen = <State>(
  stream: Stream<State>,
  rules: Pick<Decider<State, never>, 'evolve'>,
  one: AnyEvent,
  check: (before: State, after: State, told: Told) => void,
): void => {
  stream.version += 1;
  const told: Told = { ...one, version: stream.version as Version, time: stream.time, actor: 'person:ada' };
  const before = stream.state;
  stream.state = rules.evolve(before, told);
  check(before, stream.state, told);
};

/** Decides, and folds in what was decided: it is refused by a word, or it means something to the state. */
const decide = <State, Command>(
  stream: Stream<State>,
  rules: Decider<State, Command>,
  command: Command,
  check: (before: State, after: State, told: Told) => void,
): readonly AnyEvent[] => {
  let events: readonly AnyEvent[];
  try {
    events = rules.decide(command, stream.state);
  } catch (error) {
    if (!isHyperRunError(error)) throw error;
    return [];
  }
  const before = stream.state;
  for (const one of events) happen(stream, rules, one, check);
  if (!events.every(changesNothing))
    expectThat(stream.state !== before, 'What was decided means nothing to the state', command, events, before);
  return events;
};

const workers = fc.constantFrom(fixture.ada, fixture.bob);
const words = fc.constantFrom('one', 'two');
const oid = 'a'.repeat(40) as Oid;
const sha = 'b'.repeat(64) as Sha256;

// A task: what people and the orchestrator decide, and the facts that the worker in charge writes under its epoch.

type Fact = 'hold' | 'collect' | 'verify' | 'ask' | 'spend' | 'stick' | 'call' | 'pass' | 'fail';
type TaskStep =
  | { readonly is: 'command'; readonly command: TaskCommand }
  | { readonly is: 'fact'; readonly fact: Fact; readonly epoch: number };

const handovers: fc.Arbitrary<Handover> = fc.record({
  to: fc.constantFrom('links', 'coder', 'poet', 'stranger'),
  trouble: fc.constantFrom<Trouble>('looping', 'unavailable'),
  by: fc.constantFrom('policy' as const, 'person' as const),
});

const taskSteps: fc.Arbitrary<TaskStep> = fc.oneof(
  fc
    .oneof<fc.Arbitrary<TaskCommand>[]>(
      fc.record({ type: fc.constant('claim' as const), worker: workers, agentId: fc.constant('links-1' as AgentId) }),
      fc.record(
        {
          type: fc.constant('interrupt' as const),
          attempt: fc.integer({ min: 1, max: 5 }),
          reason: words,
          rests: fc.boolean(),
          handover: handovers,
        },
        { requiredKeys: ['type', 'attempt', 'reason'] },
      ),
      fc.record({
        type: fc.constant('reassign' as const),
        from: fc.constantFrom('links', 'coder'),
        reason: words,
        handover: handovers,
      }),
      fc.record({ type: fc.constant('mark-stalled' as const), silentMs: fc.nat(), alertId: words }),
      fc.constant({ type: 'mark-progressed' } as const),
      fc.record({
        type: fc.constant('decide-publish' as const),
        worker: workers,
        decided: fc.constant(fixture.publishDecided.data),
      }),
      fc.record({
        type: fc.constant('answer' as const),
        answer: fc.record({ text: words, choice: words, grant: fc.integer({ min: -1, max: 9 }) }, { requiredKeys: [] }),
      }),
      fc.record({ type: fc.constantFrom('go-on' as const, 'release' as const), since: fc.nat(60) }),
      fc.record({ type: fc.constant('give-up' as const), since: fc.nat(60), reason: words }),
      fc.record({
        type: fc.constant('fail' as const),
        kind: fc.constantFrom('attempts-exhausted' as const, 'agent-failed' as const),
        reason: words,
        trouble: fc.constantFrom<Trouble>('stalled', 'crashed'),
      }),
      fc.record({ type: fc.constantFrom('cancel' as const, 'discard' as const), reason: words }),
    )
    .map((command) => ({ is: 'command' as const, command })),
  fc.record({
    is: fc.constant('fact' as const),
    fact: fc.constantFrom<Fact>('hold', 'collect', 'verify', 'ask', 'spend', 'stick', 'call', 'pass', 'fail'),
    /** How far the writer is behind: whoever is behind is refused by the log. */
    epoch: fc.nat(1),
  }),
);

const factOf = (fact: Fact, state: TaskState): AnyEvent | undefined => {
  const holder = holderOf(state);
  if (holder === undefined) return undefined;
  const { attempt } = holder;
  const block = (kind: BlockKind) => event('task.blocked', { attempt, kind, reason: 'x' });
  if (state.status === 'publishing') {
    if (fact === 'pass') return event('task.passed', { branch: 'x', commit: oid });
    return fact === 'stick' ? block('publishing') : undefined;
  }
  if (state.status !== 'working') return undefined;
  switch (fact) {
    case 'hold':
      return event('task.held', { attempt });
    case 'collect':
      return event('task.candidate-collected', { attempt, tree: oid, files: [], patch: sha });
    case 'verify':
      return event('task.verification-started', { attempt, run: 1, tree: oid, isolation: 'bwrap', weak: false });
    case 'ask':
      return block('question');
    case 'spend':
      return block('budget');
    case 'call':
      return event('action.file-read', { attempt, origin: 'observed', path: 'a', bytes: 1 });
    case 'fail':
      return event('task.failed', { attempt, kind: 'agent-failed', reason: 'x', trouble: 'crashed' });
    default:
      return undefined;
  }
};

const checkTask = (before: TaskState, after: TaskState, told: Told): void => {
  if (isTaskSettled(before) || before.status === 'declined')
    return expectThat(after === before, 'What is settled was reopened', before, told);
  if ('epoch' in before && 'epoch' in after)
    expectThat(after.epoch >= before.epoch, 'An epoch went back', before, told);
  const wasDecided = 'decided' in before && before.decided !== undefined;
  if (wasDecided)
    expectThat(
      ['publishing', 'blocked', 'passed', 'discarded'].includes(after.status),
      'What was decided to be published went back',
      before,
      told,
    );
  if (wasDecided && 'decided' in after)
    expectThat(after.decided === before.decided, 'A decision changed', before, told);
  if (!('account' in after)) return;
  if ('account' in before && agentOf(after).kind !== agentOf(before).kind) {
    expectThat(told.type === 'task.reassigned', 'Another agent has it, and nobody said so', told);
    expectThat(fallbacksOf(before).includes(agentOf(after).kind), 'An agent has it that was not approved', told);
    expectThat(
      before.account === after.account && before.attempts === after.attempts,
      'What was used is forgotten',
      told,
    );
  }
  const { spans, open } = after.account;
  const all = open === undefined ? spans : [...spans, open];
  expectThat(
    all.every(({ from, until }, index) => from <= until && from >= (all[index - 1]?.until ?? 0)),
    'Times of work overlap',
    after,
    told,
  );
  expectThat(after.excused <= after.attempts, 'More was excused than was tried', after);
  if (after.status === 'queued' || after.status === 'passed')
    expectThat(open === undefined, 'Work goes on although nobody is at it', after);
};

const tasks = (runs: number, seed?: number) =>
  fc.assert(
    fc.property(fc.array(fc.tuple(taskSteps, fc.nat(3)), { maxLength: 40 }), (steps) => {
      const stream: Stream<TaskState> = { state: task.initial, version: 0, time: 0, epoch: 0 };
      happen(stream, task, fixture.passable, checkTask);
      for (const [step, later] of steps) {
        stream.time += later;
        if (step.is === 'command') {
          const triable = stream.state.status !== 'queued' || mayBeTried(stream.state);
          const events = decide(stream, task, step.command, checkTask);
          if (events.length > 0 && raisesEpoch(step.command)) stream.epoch += 1;
          if (events.some(({ type }) => type === 'task.claimed')) expectThat(triable, 'It was tried too often', stream);
        } else {
          const fact = factOf(step.fact, stream.state);
          const mine = 'epoch' in stream.state && stream.state.epoch - step.epoch === stream.epoch;
          if (fact !== undefined && mine) happen(stream, task, fact, checkTask);
        }
        const { state } = stream;
        if ('epoch' in state && !isTaskSettled(state))
          expectThat(state.epoch === stream.epoch, 'The log knows another epoch', state, stream.epoch, step);
      }
    }),
    { numRuns: runs, ...(seed === undefined ? {} : { seed }) },
  );

// A sprint, from the request for its plan to the branch of what passed.

const taskIds = fc.constantFrom('t-1' as TaskId, 't-2' as TaskId);
const only = <T extends SprintCommand['type']>(type: T) => fc.constant({ type } as const);
const byWorker = (type: SprintCommand['type'], more: object = {}) =>
  workers.map((worker: WorkerId) => ({ type, worker, reason: 'x', ...more }) as SprintCommand);

const sprintCommands: fc.Arbitrary<SprintCommand> = fc.oneof(
  fc.constant<SprintCommand>({ type: 'request-plan', request: fixture.requested.data }),
  byWorker('claim-analysis'),
  byWorker('interrupt-analysis'),
  byWorker('fail-analysis', { code: 'x' }),
  byWorker('propose', { plan: fixture.plan }),
  byWorker('propose', { plan: fixture.plan }),
  fc.constantFrom(0, Date.parse('2027-01-01')).map((now) => ({ type: 'expire', now }) as const),
  fc
    .tuple(fc.constantFrom(fixture.plan.planHash, 'stale'), fc.option(fc.subarray(['t-1' as TaskId, 't-2' as TaskId])))
    .map(([planHash, chosen]): SprintCommand => ({
      type: 'approve',
      planHash,
      unattended: false,
      now: fixture.beforeExpiry,
      ...(chosen === null ? {} : { taskIds: chosen }),
    })),
  fc.constant<SprintCommand>({ type: 'reject', reason: 'x' }),
  byWorker('claim-base-verification'),
  byWorker('interrupt-base-verification'),
  byWorker('record-base', { base: fixture.baseVerified('passed').data }),
  byWorker('record-base', { base: fixture.baseVerified('failed').data }),
  only('start') as fc.Arbitrary<SprintCommand>,
  only('resume') as fc.Arbitrary<SprintCommand>,
  fc.constantFrom('pause' as const, 'settle-pause' as const).map((type) => ({ type, reason: 'x' }) as const),
  fc.record({ type: fc.constant('cancel' as const), reason: words }),
  fc.record({
    type: fc.constant('settle-task' as const),
    taskId: taskIds,
    outcome: fc.constantFrom('passed' as const, 'failed' as const),
  }),
  fc.constant<SprintCommand>({ type: 'complete', heads: [] }),
  fc.constant<SprintCommand>({ type: 'request-integration' }),
  byWorker('claim-integration'),
  byWorker('interrupt-integration'),
  byWorker('decide-integration', { decided: fixture.integrationDecided.data }),
  byWorker('fail-integration', { failure: { reason: 'x', conflicts: [], together: [], steps: [] } }),
  byWorker('record-integrated'),
);

const FOLLOWS: Readonly<Record<SprintState['status'], readonly SprintState['status'][]>> = {
  absent: ['analysing'],
  analysing: ['failed', 'proposed'],
  failed: [],
  proposed: ['rejected', 'expired', 'approved'],
  rejected: [],
  expired: [],
  approved: ['running', 'pausing', 'paused', 'cancelling', 'completed'],
  running: ['pausing', 'cancelling', 'completed'],
  pausing: ['paused', 'approved', 'running', 'cancelling', 'completed'],
  paused: ['approved', 'running', 'cancelling', 'completed'],
  cancelling: ['completed'],
  completed: [],
};

const checkSprint = (before: SprintState, after: SprintState, told: Told): void => {
  if (after.status !== before.status)
    expectThat(
      FOLLOWS[before.status].includes(after.status),
      'An impossible change',
      before.status,
      after.status,
      told,
    );
  if ('settled' in before && 'settled' in after)
    for (const [id, outcome] of Object.entries(before.settled))
      expectThat(after.settled[id as TaskId] === outcome, 'A settled task was settled anew', id, told);
  if (before.status === 'completed' && after.status === 'completed') {
    const [was, is] = [before.integration, after.integration];
    expectThat(
      was?.status !== 'publishing' || is?.status === 'publishing' || is?.status === 'integrated',
      'A merge that was decided went back',
      was,
      is,
    );
    if (isIntegrating(was) && isIntegrating(is))
      expectThat(is.job.attempts >= was.job.attempts, 'Attempts went back', was, is);
  }
  if (!isActive(after)) return;
  const open = after.pauses.filter(({ until }) => until === undefined);
  expectThat(open.length <= 1, 'Two pauses at once', after.pauses);
  if (after.status !== 'cancelling')
    expectThat(
      (open.length === 1) === (after.status === 'pausing' || after.status === 'paused'),
      'The clocks stand still, or go, when they should not',
      after.status,
      after.pauses,
    );
  if (isActive(before)) {
    expectThat(!before.begun || after.begun, 'It had begun already', told);
    expectThat(!before.baseAccepted || after.baseAccepted, 'A base that was accepted is not any more', told);
  }
};

const sprints = (runs: number, seed?: number) =>
  fc.assert(
    fc.property(fc.array(fc.tuple(sprintCommands, fc.nat(3)), { maxLength: 60 }), (steps) => {
      const stream: Stream<SprintState> = { state: sprint.initial, version: 0, time: 0, epoch: 0 };
      for (const [command, later] of steps) {
        stream.time += later;
        const before = stream.state;
        const events = decide(stream, sprint, command, checkSprint);
        const [first] = events;
        if (first?.type === 'sprint.completed')
          expectThat(
            isActive(before) && before.taskIds.every((id) => before.settled[id] !== undefined),
            'It ended with a task that is open',
            before,
          );
        if (first?.type === 'sprint.started')
          expectThat(isActive(before) && before.base !== undefined, 'It began before its base was judged', before);
      }
    }),
    { numRuns: runs, ...(seed === undefined ? {} : { seed }) },
  );

// A repository, and an agent.

const repositoryCommands: fc.Arbitrary<RepositoryCommand> = fc.oneof(
  fc.constant<RepositoryCommand>({ type: 'register', repositoryId: fixture.repositoryId, path: '/r', name: 'r' }),
  fc
    .tuple(fc.constantFrom('start-sprint' as const, 'end-sprint' as const), fc.constantFrom('s-1', 's-2'))
    .map(([type, id]) => ({ type, sprintId: id as typeof fixture.sprintId })),
  fc.record({ type: fc.constant('dismiss-finding' as const), findingId: words, reason: words }),
);

const checkRepository = (before: RepositoryState, after: RepositoryState, told: Told): void => {
  if (before.status === 'absent') return;
  if (after.status === 'absent') return broken('It was forgotten', told);
  expectThat(
    before.running === undefined || after.running === undefined || after.running === before.running,
    'Two sprints at once',
    before,
    after,
  );
  expectThat(
    [...before.dismissed].every((id) => after.dismissed.has(id)),
    'A finding came back',
    before,
    after,
  );
};

const repositories = (runs: number, seed?: number) =>
  fc.assert(
    fc.property(fc.array(repositoryCommands, { maxLength: 30 }), (commands) => {
      const stream: Stream<RepositoryState> = { state: repository.initial, version: 0, time: 0, epoch: 0 };
      for (const command of commands) {
        decide(stream, repository, command, checkRepository);
        expectThat(again(stream, repository, command), 'Done twice', command, stream.state);
      }
    }),
    { numRuns: runs, ...(seed === undefined ? {} : { seed }) },
  );

const agentId = 'links-1' as AgentId;
const agentCommands: fc.Arbitrary<AgentCommand> = fc.oneof(
  fc.record({
    type: fc.constant('register' as const),
    agentId: fc.constant(agentId),
    kind: fc.constant('links'),
    name: words,
    role: words,
  }),
  fc.record({
    type: fc.constant('open-circuit' as const),
    failures: fc.integer({ min: 1, max: 5 }),
    until: fc.nat(9),
    alert: fc.record({ alertId: words, text: words }),
  }),
  fc.constant<AgentCommand>({ type: 'close-circuit' }),
  fc.constant<AgentCommand>({ type: 'deregister', reason: 'x' }),
);

const checkAgent = (before: AgentState, after: AgentState, told: Told): void => {
  if (after.status === 'absent') return expectThat(before.status === 'absent', 'It was forgotten', told);
  if (told.type === 'agent.circuit-closed')
    expectThat(after.openUntil === undefined && after.alertId === undefined, 'It is closed, and is not', after);
  if (told.type === 'agent.circuit-opened')
    expectThat(after.openUntil === told.data.until, 'It is open, and is not', after);
  if (before.status !== 'absent' && told.type === 'agent.registered')
    expectThat(after.openUntil === before.openUntil, 'A circuit closed by itself', before, after);
};

const agents = (runs: number, seed?: number) =>
  fc.assert(
    fc.property(fc.array(agentCommands, { maxLength: 30 }), (commands) => {
      const stream: Stream<AgentState> = { state: agent.initial, version: 0, time: 0, epoch: 0 };
      const alerts = new Set<string>();
      for (const command of commands) {
        for (const { type, data } of decide(stream, agent, command, checkAgent)) {
          if (type === 'alert.raised') alerts.add(data.alertId);
          if (type === 'alert.acknowledged') alerts.delete(data.alertId);
        }
        const told = 'alertId' in stream.state ? stream.state.alertId : undefined;
        expectThat(
          [...alerts].every((id) => id === told),
          'An alert outlived its circuit',
          command,
          stream.state,
        );
        expectThat(again(stream, agent, command), 'Done twice', command, stream.state);
      }
    }),
    { numRuns: runs, ...(seed === undefined ? {} : { seed }) },
  );

/** What was just done is done: the same command changes nothing more, or is refused. */
const again = <State, Command>({ state }: Stream<State>, rules: Decider<State, Command>, command: Command): boolean => {
  try {
    return rules.decide(command, state).length === 0;
  } catch (error) {
    return isHyperRunError(error);
  }
};

/** So many random histories of each aggregate. @throws the smallest history that breaks a rule, with its seed */
export const STATE_MACHINES = { task: tasks, sprint: sprints, repository: repositories, agent: agents };
