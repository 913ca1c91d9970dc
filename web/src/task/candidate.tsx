import { useCallback } from 'react';
import { bytes, clean } from '#wording';
import { useRead } from '../api/reads.js';
import type { SeenEvent } from '../live/told.js';
import { Empty, Failed, Loading, Panel } from '../ui/parts.js';
import { Badge } from '../ui/status.js';
import { Diff } from './diff.js';
import type { TaskTimeline } from './task-timeline.js';

interface CandidateProps {
  readonly taskId: string;
  readonly timeline: TaskTimeline;
}
/** What the task changes: the diff of the candidate; before there is one, the files that were written so far. */
export const Candidate = ({ taskId, timeline }: CandidateProps) => {
  const { state, touched } = timeline;
  const candidate = 'candidate' in state ? state.candidate : undefined;
  if (candidate !== undefined) return <CandidateDiff taskId={taskId} state={state.status} />;
  // Until it is settled, more may come.
  const goesOn = state.status === 'queued' || state.status === 'working' || state.status === 'blocked';
  return (
    <Panel title={goesOn ? 'Written so far' : 'Diff'} flush>
      {touched.size === 0 ? (
        <Empty title={goesOn ? 'Nothing yet' : 'Nothing was changed'}>
          <p>
            {goesOn
              ? 'Files appear here as the agent writes them, and the diff when it is done.'
              : 'The agent left no candidate behind.'}
          </p>
        </Empty>
      ) : (
        <ul className="touched" aria-live="polite">
          {[...touched.values()].map(({ path, change, bytes: size }) => (
            <li key={path} className="row spread">
              <span className="mono wrap-anywhere">{clean(path)}</span>
              <Badge mood={change === 'deleted' ? 'warning' : 'active'}>
                {change === 'deleted' ? 'deleted' : bytes(size)}
              </Badge>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
};

const CandidateDiff = ({ taskId, state }: { readonly taskId: string; readonly state: string }) => {
  const changes = useCallback(
    (event: SeenEvent) => event.type === 'task.candidate-collected' && event.taskId === taskId,
    [taskId],
  );
  const diff = useRead<string>(`/hyper-running/tasks/${taskId}/diff`, changes, 'text');
  if (diff.isError) return <Failed what="The diff" error={diff.error} retry={() => void diff.refetch()} />;
  if (diff.data === undefined) return <Loading what="the diff" />;
  return <Diff text={diff.data} kept={state === 'passed' || state === 'publishing'} />;
};
