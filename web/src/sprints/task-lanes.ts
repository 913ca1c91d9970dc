// The life of each task of a sprint as bars: what state it was in, from when to when.
import type { TaskId } from '#contracts';
import { task, type TaskState } from '#domain';
import { duration } from '#wording';
import type { SeenEvent } from '../live/told.js';
import { linkTo } from '../shell/route.js';
import type { Lane, LaneBar, LaneTone } from './lanes.js';

const TONES: Readonly<Record<string, LaneTone>> = {
  queued: 'quiet',
  working: 'active',
  verifying: 'info',
  stalled: 'bad',
  blocked: 'warning',
  publishing: 'active',
};
const END_TONES: Readonly<Record<string, LaneTone>> = { passed: 'good', failed: 'bad' };

const phaseOf = (state: TaskState): string =>
  state.status === 'working'
    ? state.stalled
      ? 'stalled'
      : state.stage === 'verifying'
        ? 'verifying'
        : 'working'
    : state.status;

const isOver = (phase: string) => TONES[phase] === undefined;
const MOST_TICKS = 400;

interface LaneSoFar {
  state: TaskState;
  phase: string;
  since: number;
  readonly bars: LaneBar[];
  readonly ticks: number[];
}

/** The lanes of a sprint, made as its events come: drawing them does not look at all events again. */
export class LaneFold {
  readonly #known = new Map<TaskId, LaneSoFar>();

  add(event: SeenEvent): void {
    if (event.taskId === undefined || !event.stream.startsWith('task-')) return;
    const lane = this.#laneOf(event.taskId, event.time);
    lane.state = task.evolve(lane.state, event);
    const phase = phaseOf(lane.state);
    if (event.type.startsWith('action.') && event.time - (lane.ticks.at(-1) ?? 0) > 0) lane.ticks.push(event.time);
    if (phase === lane.phase) return;
    if (!isOver(lane.phase)) lane.bars.push(barOf(lane.phase, lane.since, event.time));
    if (isOver(phase) && phase !== 'absent')
      lane.bars.push({ from: event.time, to: event.time, tone: END_TONES[phase] ?? 'quiet', label: phase });
    lane.phase = phase;
    lane.since = event.time;
  }

  /** In the order in which the tasks were queued. `end`: until when a task that is not over goes on. */
  lanes(sprintId: string, end: number): readonly Lane[] {
    return [...this.#known].map(([taskId, { state, phase, since, bars, ticks }]) => ({
      key: taskId,
      name: titleOf(state) ?? taskId,
      href: linkTo({ screen: 'task', sprintId, taskId }),
      bars: isOver(phase) ? bars : [...bars, barOf(phase, since, Math.max(since, end))],
      ticks: thinned(ticks),
    }));
  }

  #laneOf(taskId: TaskId, since: number): LaneSoFar {
    const known = this.#known.get(taskId) ?? { state: task.initial, phase: 'absent', since, bars: [], ticks: [] };
    this.#known.set(taskId, known);
    return known;
  }
}

const barOf = (phase: string, from: number, to: number): LaneBar => ({
  from,
  to,
  tone: TONES[phase] ?? 'quiet',
  label: `${phase} for ${duration(Math.max(0, to - from))}`,
});

const titleOf = (state: TaskState): string | undefined =>
  'spec' in state ? state.spec.task.title : 'task' in state ? state.task.title : undefined;

const thinned = (ticks: readonly number[]) => {
  const step = Math.ceil(ticks.length / MOST_TICKS);
  return step <= 1 ? ticks : ticks.filter((_, index) => index % step === 0);
};
