// Where a task stands, in a sentence, and what a person can do about it.
import { isTaskSettled, type TaskState } from '#domain';
import { clean, duration, inTurn, short } from '#wording';
import type { PlannedTask } from '../api/views.js';
import type { Mood } from '../ui/status.js';

/** Who is to do it, and who has taken it over from whom. */
export const agentsText = ({ agent }: Pick<PlannedTask, 'agent'>, state: TaskState): string => {
  const later = 'reassigned' in state ? state.reassigned.map(({ to }) => to) : [];
  return inTurn([agent, ...later]);
};

export interface Standing {
  readonly mood: Mood;
  readonly text: string;
}

const SETTLED: Readonly<Record<'passed' | 'failed' | 'cancelled' | 'discarded', { mood: Mood; text: string }>> = {
  passed: { mood: 'good', text: 'It passed the gate of its scope and its verification.' },
  failed: { mood: 'bad', text: 'It failed.' },
  cancelled: { mood: 'quiet', text: 'It was cancelled.' },
  discarded: { mood: 'quiet', text: 'It was discarded.' },
};

export const standingOf = (state: TaskState, now: number): Standing => {
  switch (state.status) {
    case 'absent':
      return { mood: 'quiet', text: 'It is not queued yet.' };
    case 'declined':
      return { mood: 'quiet', text: 'A person declined it when the plan was approved.' };
    case 'queued':
      return {
        mood: 'quiet',
        text:
          state.interrupted === undefined
            ? 'It waits for an agent.'
            : `It waits for an agent again: ${clean(state.interrupted)}`,
      };
    case 'working':
      return workingText(state, now);
    case 'publishing':
      return { mood: 'active', text: `It passed; branch ${state.decided.branch} is being made.` };
    case 'blocked':
      return {
        mood: 'warning',
        text:
          state.kind === 'question' && state.question !== undefined
            ? 'The agent asks, and waits for your answer.'
            : `It waits for you: ${clean(state.reason)}`,
      };
    default: {
      const { mood, text } = SETTLED[state.status];
      const at =
        state.decided === undefined ? '' : ` Branch ${state.decided.branch} is at ${short(state.decided.commit)}.`;
      return {
        mood,
        text: `${state.reason === undefined ? text : clean(state.reason)}${state.status === 'passed' ? at : ''}`,
      };
    }
  }
};

const workingText = (state: Extract<TaskState, { status: 'working' }>, now: number): Standing => {
  const time = duration(Math.max(0, Math.floor((now - state.since) / 1000)) * 1000);
  if (state.stage === 'verifying') return { mood: 'active', text: 'What it made is being verified.' };
  return state.stalled
    ? {
        mood: 'bad',
        text: `${state.agentId} has been silent for a while. It is at it since ${time}; you can wait, or cancel it.`,
      }
    : { mood: 'active', text: `${state.agentId} is at it since ${time}.` };
};

export type Deed = 'answer' | 'cancel' | 'discard' | 'retry' | 'request-changes';

/** What can be done, the most useful first. */
export const deedsOf = (state: TaskState): readonly Deed[] => {
  if (state.status === 'blocked')
    return ['answer', 'discard', ...(state.decided === undefined ? (['cancel'] as const) : [])];
  if (state.status === 'queued' || state.status === 'working') return ['cancel'];
  if (!isTaskSettled(state)) return [];
  const changes = state.candidate === undefined ? [] : (['request-changes'] as const);
  return state.status === 'passed' ? changes : ['retry', ...changes];
};

/** As a shell takes it. */
export const quoted = (path: string): string =>
  /^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
