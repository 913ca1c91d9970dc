import type { TaskId } from '#contracts';
import { isActive, isTaskSettled, type SprintState, type TaskState } from '#domain';
import { clean, duration, oneLine, plural, short } from '#wording';
import { Board } from '../board/board.js';
import { linkTo } from '../shell/route.js';
import type { Moment } from '../replay/moment.js';
import { agentsText } from '../task/standing.js';
import { Empty, Panel } from '../ui/parts.js';
import { Badge, TaskBadge } from '../ui/status.js';
import './sprints.css';

interface SprintOverviewProps {
  readonly sprintId: string;
  readonly moment: Moment;
  /** The time of the moment that is shown, by the clock of the log. */
  readonly at?: number;
  /** Its position in the log, for links to the same moment. */
  readonly position?: number;
}

const taskLink = (sprintId: string, taskId: string, position: number | undefined) =>
  linkTo({ screen: 'task', sprintId, taskId }, position === undefined ? {} : { at: String(position) });

/** A sprint at a moment: its tasks, its base, its crew. The same now and in a replay. */
export const SprintOverview = ({ sprintId, moment: { sprint, tasks, board }, at, position }: SprintOverviewProps) => (
  <div className="overview">
    <Facts sprint={sprint} tasks={tasks} />
    <Panel title="Tasks" flush>
      {tasks.size === 0 ? (
        <Empty title={sprint.status === 'analysing' ? 'The repository is being read' : 'No task is queued yet'}>
          <p>
            {sprint.status === 'proposed' ? 'The plan waits for a decision.' : 'Tasks appear when a plan is approved.'}
          </p>
        </Empty>
      ) : (
        <table className="task-table">
          <thead>
            <tr>
              <th scope="col">Status</th>
              <th scope="col">Task</th>
              <th scope="col">What came of it</th>
            </tr>
          </thead>
          <tbody>
            {[...tasks].map(([taskId, state]) => (
              <TaskRow key={taskId} link={taskLink(sprintId, taskId, position)} taskId={taskId} state={state} />
            ))}
          </tbody>
        </table>
      )}
    </Panel>
    {board.agents.size > 0 && (
      <Panel title="Crew of this sprint" flush>
        <Board cards={board.agents} at={at} taskLink={(taskId) => taskLink(sprintId, taskId, position)} />
      </Panel>
    )}
  </div>
);

const Facts = ({ sprint, tasks }: { readonly sprint: SprintState; readonly tasks: Moment['tasks'] }) => {
  if (sprint.status === 'absent') return null;
  const plan = 'plan' in sprint ? sprint.plan : undefined;
  const base = 'base' in sprint ? sprint.base : undefined;
  const settled = [...tasks.values()].filter((task) => isTaskSettled(task) || task.status === 'declined').length;
  return (
    <dl className="facts">
      <div>
        <dt>repository</dt>
        <dd>{clean(sprint.request.path)}</dd>
      </div>
      {plan !== undefined && (
        <div>
          <dt>base commit · scope</dt>
          <dd>
            <code>{short(plan.baseCommit)}</code> · {plan.scope.join(', ')}
          </dd>
        </div>
      )}
      {tasks.size > 0 && (
        <div>
          <dt>settled</dt>
          <dd>
            {settled} of {plural(tasks.size, 'task')}
          </dd>
        </div>
      )}
      {'approvedBy' in sprint && (
        <div>
          <dt>approved by</dt>
          <dd>
            {sprint.approvedBy.replace('person:', '')}
            {sprint.unattended ? ', unattended by policy' : ''}
          </dd>
        </div>
      )}
      {base !== undefined && (
        <div>
          <dt>the base</dt>
          <dd>
            <Badge mood={base.outcome === 'passed' ? 'good' : 'bad'}>{base.outcome}</Badge>{' '}
            {base.weak
              ? 'weak gate: no command of its own'
              : `${plural(base.steps.length, 'command')}, isolation ${base.isolation}`}
            {base.reason !== undefined && <p className="wrap-anywhere">{clean(base.reason)}</p>}
          </dd>
        </div>
      )}
      {sprint.status === 'completed' && (
        <div>
          <dt>took</dt>
          <dd>
            {duration(sprint.completedAt - sprint.approvedAt)}, {plural(sprint.heads.length, 'stream')} sealed
          </dd>
        </div>
      )}
      {isActive(sprint) && sprint.reason !== undefined && (
        <div>
          <dt>{sprint.status}</dt>
          <dd className="wrap-anywhere">{clean(sprint.reason)}</dd>
        </div>
      )}
    </dl>
  );
};

interface TaskRowProps {
  readonly link: string;
  readonly taskId: TaskId;
  readonly state: TaskState;
}
const TaskRow = ({ link, taskId, state }: TaskRowProps) => {
  const planned = 'spec' in state ? state.spec.task : 'task' in state ? state.task : undefined;
  const working = state.status === 'working' ? state : undefined;
  return (
    <tr>
      <td>
        <TaskBadge status={state.status} stage={working?.stage} stalled={working?.stalled} />
      </td>
      <td>
        <a href={link}>{oneLine(planned?.title ?? taskId, 300)}</a>
        <p className="quiet">
          {planned !== undefined && agentsText(planned, state)} · {plural(planned?.paths.length ?? 0, 'file')}
          {'attempts' in state && state.attempts > 1 ? ` · attempt ${state.attempts}` : ''}
        </p>
      </td>
      <td className="wrap-anywhere">
        {'decided' in state && state.decided !== undefined ? <code>{state.decided.branch}</code> : null}
        {'reason' in state && state.reason !== undefined ? <p>{clean(state.reason)}</p> : null}
        {working !== undefined ? <p className="quiet">{working.agentId} is at it</p> : null}
      </td>
    </tr>
  );
};
