import { useCallback } from 'react';
import { clean } from '#wording';
import { useRead } from '../api/reads.js';
import type { SprintView } from '../api/views.js';
import { historiesOf } from '../live/event-history.js';
import type { SeenEvent } from '../live/told.js';
import { linkTo } from '../shell/route.js';
import { Empty, Failed, Loading, Panel } from '../ui/parts.js';
import { TaskBadge } from '../ui/status.js';
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
/** One task: where it stands, what came of it, how that was judged, and everything that was done for it. */
export const TaskScreen = ({ sprintId, taskId }: TaskScreenProps) => {
  const history = useTask(taskId);
  const { timeline } = history;
  const { state } = timeline;
  // A follow-up links to a task of an earlier sprint.
  const owner = 'spec' in state ? state.spec.sprintId : sprintId;
  const sprint = useSprint(owner);
  if (history.error !== undefined) return <Failed what="The task" error={history.error} retry={history.retry} />;
  if (state.status === 'absent')
    return history.loaded ? <Empty title="Nothing has happened to this task" /> : <Loading what="the task" />;
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
      <div className="task-columns">
        <div className="stack">
          <TaskStatus taskId={taskId} timeline={timeline} sprint={sprint.data} />
          {state.status !== 'declined' && <Candidate taskId={taskId} timeline={timeline} />}
          {timeline.runs.length > 0 && <Verification timeline={timeline} />}
          <Panel title="Timeline" flush>
            <Timeline sprintId={owner} timeline={timeline} />
          </Panel>
        </div>
        <TaskFacts timeline={timeline} sprintId={owner} pauses={sprint.data?.pauses} />
      </div>
    </>
  );
};
