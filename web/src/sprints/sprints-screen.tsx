import { duration, plural } from '#wording';
import type { SprintView } from '../api/views.js';
import { PlanDialog } from '../plan/plan-dialog.js';
import { useNow } from '../shell/now.js';
import { linkTo, setQuery, usePlace } from '../shell/route.js';
import { isOpen, useSprints } from '../shell/sprints-store.js';
import { Empty, Failed, Loading, Panel } from '../ui/parts.js';
import { SprintBadge, TaskBadge } from '../ui/status.js';
import { ago, moment } from '../ui/words.js';
import { Lanes, type Lane, type LaneTone } from './lanes.js';
import './sprints.css';

/** All sprints and plans: what is going on, and what has been. */
export const SprintsScreen = () => {
  const sprints = useSprints();
  // A link can lead to the dialog.
  const planning = usePlace().query.has('plan');
  const setPlanning = (on: boolean) => setQuery(on ? { plan: 'new' } : {});
  const items = sprints.data?.items ?? [];
  return (
    <>
      <div className="page-head">
        <h1>Sprints</h1>
        <button type="button" className="button button-primary" onClick={() => setPlanning(true)}>
          Plan a sprint
        </button>
      </div>
      {sprints.isError && <Failed what="The sprints" error={sprints.error} retry={() => void sprints.refetch()} />}
      {sprints.isPending && <Loading what="the sprints" />}
      {sprints.data !== undefined && items.length === 0 && (
        <Empty title="No sprint yet">
          <p>
            The crew reads a repository, proposes a small sprint with evidence, and waits for you. Nothing runs before
            you approve it.
          </p>
          <button type="button" className="button" onClick={() => setPlanning(true)}>
            Plan the first one
          </button>
        </Empty>
      )}
      {items.length > 0 && (
        <div className="stack">
          <ul className="sprint-list">
            {items.map((sprint) => (
              <SprintRow key={sprint.sprintId} sprint={sprint} />
            ))}
          </ul>
          <Panel title="Beside one another">
            <SprintLanes sprints={items} />
          </Panel>
        </div>
      )}
      {planning && <PlanDialog onClose={() => setPlanning(false)} />}
    </>
  );
};

const SprintRow = ({ sprint }: { readonly sprint: SprintView }) => {
  const { sprintId, status, repository, tasks, createdAt, plan, reason } = sprint;
  const now = useNow();
  const tab = status === 'proposed' ? 'plan' : 'overview';
  const settled = tasks.filter(({ outcome }) => outcome !== undefined).length;
  return (
    <li className="sprint-row">
      <a href={linkTo({ screen: 'sprint', sprintId, tab })} className="sprint-link">
        <strong>{repository.name}</strong> <span className="quiet mono">{sprintId}</span>
      </a>
      <SprintBadge status={status} />
      <span className="quiet" title={moment(createdAt)}>
        {ago(Date.parse(createdAt), now)}
      </span>
      <span className="sprint-sum">
        {tasks.length > 0
          ? `${settled} of ${plural(tasks.length, 'task')} settled`
          : plan === undefined
            ? (reason ?? 'reading the repository')
            : `${plural(plan.tasks.length, 'task')} proposed in ${plan.scope.join(', ')}`}
      </span>
      {tasks.length > 0 && (
        <span className="row sprint-tasks">
          {tasks.map((task) => (
            <a key={task.taskId} href={linkTo({ screen: 'task', sprintId, taskId: task.taskId })} title={task.title}>
              <TaskBadge {...task} />
            </a>
          ))}
        </span>
      )}
    </li>
  );
};

const TONES: Readonly<Record<string, LaneTone>> = {
  completed: 'good',
  failed: 'bad',
  cancelled: 'quiet',
  rejected: 'quiet',
  expired: 'quiet',
  proposed: 'info',
  paused: 'warning',
  pausing: 'warning',
};

/** A lane for each repository: its sprints one after the other, for only one runs at a time. */
const SprintLanes = ({ sprints }: { readonly sprints: readonly SprintView[] }) => {
  const now = useNow();
  const lanes = new Map<string, Lane & { bars: { from: number; to: number; tone: LaneTone; label: string }[] }>();
  for (const sprint of sprints.toReversed()) {
    const { repositoryId, name } = sprint.repository;
    const lane = lanes.get(repositoryId) ?? { key: repositoryId, name, bars: [] };
    lanes.set(repositoryId, lane);
    const from = Date.parse(sprint.createdAt);
    const to = sprint.completedAt === undefined ? (isOpen(sprint) ? now : from) : Date.parse(sprint.completedAt);
    lane.bars.push({
      from,
      to,
      tone: TONES[sprint.status] ?? 'active',
      label: `${sprint.sprintId}: ${sprint.status}, ${duration(Math.max(0, to - from))}`,
    });
  }
  const from = Math.min(...sprints.map(({ createdAt }) => Date.parse(createdAt)));
  const to = Math.max(...[...lanes.values()].flatMap(({ bars }) => bars.map((bar) => bar.to)), from + 1000);
  return <Lanes label="Sprints of each repository over time" lanes={[...lanes.values()]} from={from} to={to} />;
};
