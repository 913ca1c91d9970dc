import { limitsOf, usedOf, type Pause, type TaskState } from '#domain';
import { clean, duration, short } from '#wording';
import type { PlannedTask, SprintView } from '../api/views.js';
import { useNow } from '../shell/now.js';
import { linkTo } from '../shell/route.js';
import { EvidenceItem } from '../ui/evidence.js';
import { Panel } from '../ui/parts.js';
import { moment, timeOfDay } from '../ui/words.js';
import { amountText, BUDGETS, pausesOf } from './budgets.js';
import { agentsText } from './standing.js';
import type { Attempt, TaskTimeline } from './task-timeline.js';

export const plannedOf = (state: TaskState): PlannedTask | undefined =>
  state.status === 'absent' ? undefined : state.status === 'declined' ? state.task : state.spec.task;

interface TaskFactsProps {
  readonly timeline: TaskTimeline;
  readonly sprintId: string;
  /** When the clocks of its sprint stood still; absent: not known yet. */
  readonly pauses: SprintView['pauses'];
  /** The time of the moment that is shown; absent: now. */
  readonly at?: number;
}
/** What the task is, what it has used, and how often it was tried. */
export const TaskFacts = ({ timeline, sprintId, pauses, at }: TaskFactsProps) => {
  const { state, attempts } = timeline;
  const task = plannedOf(state);
  return (
    <aside className="stack" aria-label="About this task">
      {'account' in state && (
        <Panel title="Budget">
          <Budget state={state} pauses={pausesOf(pauses)} at={at} />
        </Panel>
      )}
      {attempts.length > 0 && (
        <Panel title={attempts.length === 1 ? 'Attempt' : 'Attempts'}>
          <ol className="stack tight">
            {attempts.map((attempt) => (
              <li key={attempt.number}>
                <AttemptText attempt={attempt} />
              </li>
            ))}
          </ol>
        </Panel>
      )}
      {task !== undefined && <About task={task} state={state} sprintId={sprintId} />}
    </aside>
  );
};

type Accounted = Extract<TaskState, { readonly account: unknown }>;

interface BudgetProps {
  readonly state: Accounted;
  readonly pauses: readonly Pause[];
  readonly at?: number;
}
const Budget = ({ state: { account, spec }, pauses, at }: BudgetProps) => {
  const now = useNow();
  const used = usedOf(account, pauses, at ?? now);
  const limits = limitsOf(spec.budgets, 'task', account.granted);
  const shown = (['wallSeconds', 'toolCalls', 'tokens', 'cost'] as const).filter(
    (budget) => limits[budget] !== undefined || used[budget] > 0,
  );
  return (
    <ul className="stack tight">
      {shown.map((budget) => {
        const limit = limits[budget];
        return (
          <li key={budget} className="budget">
            <span>{BUDGETS[budget].name}</span>
            <span className="quiet">
              {amountText(budget, used[budget])}
              {limit === undefined ? ', no limit' : ` of ${amountText(budget, limit)}`}
            </span>
            {limit !== undefined && (
              <meter
                min={0}
                max={limit}
                high={limit * 0.8}
                value={Math.min(limit, used[budget])}
                aria-label={BUDGETS[budget].name}
              />
            )}
          </li>
        );
      })}
    </ul>
  );
};

const AttemptText = ({ attempt: { number, agentId, from, to, interrupted } }: { readonly attempt: Attempt }) => (
  <>
    <span>
      {number}. {agentId}, {timeOfDay(from)}
      {to === undefined ? ', goes on' : `, ${duration(to - from)}`}
    </span>
    {interrupted !== undefined && <p className="quiet wrap-anywhere">interrupted: {clean(interrupted)}</p>}
  </>
);

interface AboutProps {
  readonly task: PlannedTask;
  readonly state: TaskState;
  readonly sprintId: string;
}
const About = ({ task, state, sprintId }: AboutProps) => (
  <Panel title="The task">
    <div className="stack tight">
      <p className="wrap-anywhere">{clean(task.rationale)}</p>
      <dl className="fact-list">
        <div>
          <dt>Agent</dt>
          <dd>{agentsText(task, state)}</dd>
        </div>
        <div>
          <dt>May change</dt>
          <dd>
            <ul className="facts-paths">
              {task.paths.map((path) => (
                <li key={path} className="mono wrap-anywhere">
                  {clean(path)}
                </li>
              ))}
            </ul>
          </dd>
        </div>
        {'decided' in state && state.decided !== undefined && (
          <>
            <div>
              <dt>Branch</dt>
              <dd className="mono wrap-anywhere">{state.decided.branch}</dd>
            </div>
            <div>
              <dt>Commit</dt>
              <dd className="mono" title={state.decided.commit}>
                {short(state.decided.commit)}
              </dd>
            </div>
          </>
        )}
        {'settledAt' in state && (
          <div>
            <dt>Settled</dt>
            <dd>{moment(state.settledAt)}</dd>
          </div>
        )}
      </dl>
      {task.changes !== undefined && (
        <blockquote className="note wrap-anywhere">
          <strong>Asked for</strong>
          <p className="pre-wrap">{clean(task.changes.comment)}</p>
          <a href={linkTo({ screen: 'task', sprintId, taskId: task.changes.taskId })}>The earlier result</a>
        </blockquote>
      )}
      <details>
        <summary>Evidence ({task.evidence.length})</summary>
        <div className="stack evidence">
          {task.evidence.map((evidence) => (
            <EvidenceItem key={evidence.findingId} evidence={evidence} />
          ))}
        </div>
      </details>
      {task.instructions !== '' && (
        <details>
          <summary>Instructions</summary>
          <p className="pre-wrap wrap-anywhere plan-words">{clean(task.instructions)}</p>
        </details>
      )}
    </div>
  </Panel>
);
