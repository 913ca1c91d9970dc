import { useCallback } from 'react';
import { isTaskSettled, type TaskState } from '#domain';
import { bytes, clean, plural } from '#wording';
import type { TaskDiff } from '../api/client.js';
import { useRead } from '../api/reads.js';
import type { SeenEvent } from '../live/told.js';
import { Empty, Failed, Loading, Panel } from '../ui/parts.js';
import { Badge } from '../ui/status.js';
import { Diff } from './diff.js';
import type { TaskTimeline } from './task-timeline.js';

/** Each time it is made anew by git: an agent that writes without a pause is followed twice in a second. */
const WRITING_SETTLES_MS = 500;

interface CandidateProps {
  readonly taskId: string;
  readonly timeline: TaskTimeline;
  /** Position of the last event of the moment that is shown; absent: now. */
  readonly at?: number;
}
/** What the task changes: the diff of the candidate, or of what was written so far. */
export const Candidate = ({ taskId, timeline, at }: CandidateProps) => {
  const { state, touched } = timeline;
  if (('candidate' in state && state.candidate !== undefined) || touched.size > 0)
    return <WhatItChanges taskId={taskId} timeline={timeline} at={at} />;
  return (
    <Panel title={goesOn(state) ? 'Written so far' : 'Diff'} flush>
      <Empty title={goesOn(state) ? 'Nothing yet' : 'Nothing was changed'}>
        <p>
          {goesOn(state)
            ? 'What the agent writes appears here as it writes it.'
            : 'The agent wrote nothing and left no candidate behind.'}
        </p>
      </Empty>
    </Panel>
  );
};

/** Until it is settled, more may come. */
const goesOn = ({ status }: TaskState) => status === 'queued' || status === 'working' || status === 'blocked';

const CHANGES_IT = ['task.claimed', 'task.candidate-collected', 'action.file-written', 'action.file-deleted'];

const WhatItChanges = ({ taskId, timeline: { state, touched }, at }: CandidateProps) => {
  const changes = useCallback(
    (event: SeenEvent) => at === undefined && event.taskId === taskId && CHANGES_IT.includes(event.type),
    [taskId, at],
  );
  const moment = at === undefined ? '' : `?at=${at}`;
  const path = `/hyper-running/tasks/${taskId}/diff${moment}`;
  const diff = useRead<TaskDiff>(path, changes, 'diff', WRITING_SETTLES_MS);
  if (diff.data === undefined && diff.isError)
    return (
      <>
        <Failed what="The diff" error={diff.error} retry={() => void diff.refetch()} />
        <Touched touched={touched} />
      </>
    );
  if (diff.data === undefined) return <Loading what="the diff" />;
  const { of, text, leftOut } = diff.data;
  const kept = state.status === 'passed' || state.status === 'publishing';
  if (of === 'candidate')
    return <Diff text={text} standing={!kept && isTaskSettled(state) && <Badge mood="quiet">not kept</Badge>} />;
  const over = isTaskSettled(state);
  return (
    <Diff
      title={over ? 'What it had written' : 'Written so far'}
      text={text}
      standing={over ? <Badge mood="quiet">never a candidate</Badge> : <Badge mood="active">no candidate yet</Badge>}
      note={<WorkNote leftOut={leftOut} isEmpty={!text.includes('diff --git ')} error={diff.error} />}
    />
  );
};

interface WorkNoteProps {
  readonly leftOut: number;
  readonly isEmpty: boolean;
  /** The newest reading failed; what is shown is older. */
  readonly error: Error | null;
}
const WorkNote = ({ leftOut, isEmpty, error }: WorkNoteProps) => (
  <>
    {error !== null && <p className="quiet file-diff-note">It is not the newest: {error.message}</p>}
    {leftOut > 0 && (
      <p className="quiet file-diff-note">
        {plural(leftOut, 'file')} more {leftOut === 1 ? 'is' : 'are'} not shown: too large, no longer kept, or not to be
        read.
      </p>
    )}
    {isEmpty && leftOut === 0 && <p className="quiet file-diff-note">What it wrote is what was there before.</p>}
  </>
);

/** Where no diff can be made, at least what was written. */
const Touched = ({ touched }: Pick<TaskTimeline, 'touched'>) => (
  <Panel title="Written so far" flush>
    <ul className="touched">
      {[...touched.values()].map(({ path, change, bytes: size }) => (
        <li key={path} className="row spread">
          <span className="mono wrap-anywhere">{clean(path)}</span>
          <Badge mood={change === 'deleted' ? 'warning' : 'active'}>
            {change === 'deleted' ? 'deleted' : bytes(size)}
          </Badge>
        </li>
      ))}
    </ul>
  </Panel>
);
