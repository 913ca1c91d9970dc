import { useCallback, useMemo } from 'react';
import { clean } from '#wording';
import { useRead } from '../api/reads.js';
import type { SprintView } from '../api/views.js';
import { historiesOf } from '../live/event-history.js';
import type { SeenEvent } from '../live/told.js';
import { useKeys } from '../shell/keys.js';
import { linkTo, setQuery, usePlace } from '../shell/route.js';
import { Empty, Failed, Loading, Panel } from '../ui/parts.js';
import { TaskBadge } from '../ui/status.js';
import { moment as inWords } from '../ui/words.js';
import { Candidate } from './candidate.js';
import { plannedOf, TaskFacts } from './task-facts.js';
import { TaskStatus } from './task-status.js';
import { TaskTimeline } from './task-timeline.js';
import { Timeline } from './timeline.js';
import { Verification } from './verification.js';
import './task.css';

const useTask = historiesOf((taskId) => ({
  path: `/hyper-running/tasks/${taskId}/events`,
  isMine: (event: SeenEvent) => event.taskId === taskId && event.stream === `task-${taskId}`,
  begin: () => new TaskTimeline(),
}));

const useSprint = (sprintId: string) => {
  const changes = useCallback(
    (event: SeenEvent) => event.sprintId === sprintId && event.type.startsWith('sprint.'),
    [sprintId],
  );
  return useRead<SprintView>(`/hyper-running/sprints/${sprintId}`, changes);
};

interface TaskScreenProps {
  readonly sprintId: string;
  readonly taskId: string;
}
/** What was known of a task up to a position of the log. */
const useTimelineUntil = (timeline: TaskTimeline, position: number | undefined): TaskTimeline => {
  // The list grows in place, and what comes after the moment changes nothing of it.
  const last = position === undefined ? -1 : timeline.events.findLastIndex((event) => event.position <= position);
  return useMemo(() => (position === undefined ? timeline : timeline.until(position)), [timeline, position, last]);
};

/** One task, now or at a moment: where it stands, what came of it, how that was judged, and everything that was done for it. */
export const TaskScreen = ({ sprintId, taskId }: TaskScreenProps) => {
  const history = useTask(taskId);
  const wanted = usePlace().query.get('at');
  const position = wanted === null ? undefined : Number(wanted) || 0;
  const timeline = useTimelineUntil(history.timeline, position);
  const past = position !== undefined;
  useKeys(past ? [{ keys: 'l', does: () => setQuery({}) }] : []);
  const { state } = timeline;
  // A follow-up links to a task of an earlier sprint.
  const owner = 'spec' in state ? state.spec.sprintId : sprintId;
  const sprint = useSprint(owner);
  if (history.error !== undefined || state.status === 'absent')
    return (
      <>
        <div className="page-head">
          <h1 className="wrap-anywhere">{taskId}</h1>
          {past && <ToPresent />}
        </div>
        {history.error !== undefined ? (
          <Failed what="The task" error={history.error} retry={history.retry} />
        ) : history.loaded && state.status === 'absent' ? (
          <Empty title={past ? 'Nothing had happened to this task yet' : 'Nothing has happened to this task'} />
        ) : (
          <Loading what="the task" />
        )}
      </>
    );
  const seenAt = past ? timeline.events.at(-1)?.time : undefined;
  const planned = plannedOf(state);
  const working = state.status === 'working' ? state : undefined;
  return (
    <>
      <div className="page-head task-head">
        <p className="task-up">
          <a href={linkTo({ screen: 'sprint', sprintId: owner, tab: 'overview' })}>
            ← {clean(sprint.data?.repository.name ?? 'the sprint')}
          </a>
        </p>
        <h1 className="wrap-anywhere">{clean(planned?.title ?? taskId)}</h1>
        <TaskBadge status={state.status} stage={working?.stage} stalled={working?.stalled} />
      </div>
      {seenAt !== undefined && (
        <div className="note row spread task-moment" role="status">
          <strong>As it was {inWords(seenAt)}. Nothing here is of now.</strong>
          <ToPresent />
        </div>
      )}
      <div className="task-columns">
        <div className="stack">
          <TaskStatus taskId={taskId} timeline={timeline} sprint={sprint.data} at={seenAt} />
          {state.status !== 'declined' && (
            <Candidate taskId={taskId} timeline={timeline} at={past ? timeline.events.at(-1)?.position : undefined} />
          )}
          {timeline.runs.length > 0 && <Verification timeline={timeline} />}
          <Panel title="Timeline" flush>
            <Timeline sprintId={owner} timeline={timeline} />
          </Panel>
        </div>
        <TaskFacts timeline={timeline} sprintId={owner} pauses={sprint.data?.pauses} at={seenAt} />
      </div>
    </>
  );
};

const ToPresent = () => (
  <button type="button" className="button button-small button-primary" onClick={() => setQuery({})}>
    LIVE
  </button>
);
