import type { ReactNode } from 'react';
import { clean, inTurn, plural } from '#wording';
import type { Evidence, PlannedTask, ReadyPlan } from '../api/views.js';
import { EvidenceItem } from '../ui/evidence.js';
import { Badge } from '../ui/status.js';

const SHOWN = 3;

interface PlanTaskProps {
  readonly task: PlannedTask;
  readonly plan: Pick<ReadyPlan, 'tasks'>;
  readonly place: number;
  /** Beside the title: what was decided, or a choice. */
  readonly children?: ReactNode;
  /** Before the place: whether it is to be run. */
  readonly choice?: ReactNode;
  /** Below everything: a form. */
  readonly form?: ReactNode;
  readonly item?: React.HTMLAttributes<HTMLLIElement>;
  /** Why it cannot be run. */
  readonly trouble?: string;
}
/** A task as a person judges it: what is proposed, on what evidence, and why it stands where it stands. */
export const PlanTask = ({ task, plan, place, children, choice, form, item, trouble }: PlanTaskProps) => (
  <li className="plan-task panel" {...item}>
    <header className="plan-task-head">
      {choice}
      <span className="plan-place" aria-hidden="true">
        {place}
      </span>
      <h2 className="wrap-anywhere">{clean(task.title)}</h2>
      <div className="row plan-task-deeds">{children}</div>
    </header>
    <div className="panel-body stack">
      {trouble !== undefined && <p className="note note-warning">{trouble}</p>}
      {form ?? <TaskText task={task} plan={plan} />}
    </div>
  </li>
);

const TaskText = ({ task, plan }: Pick<PlanTaskProps, 'task' | 'plan'>) => (
  <>
    <p className="wrap-anywhere plan-rationale">{clean(task.rationale)}</p>
    {task.changes !== undefined && (
      <blockquote className="note wrap-anywhere">
        <strong>What was asked for about the earlier result</strong>
        <p className="pre-wrap">{clean(task.changes.comment)}</p>
      </blockquote>
    )}
    <EvidenceList evidence={task.evidence} />
    {task.instructions !== '' && (
      <details>
        <summary>Instructions</summary>
        <p className="pre-wrap wrap-anywhere plan-words">{clean(task.instructions)}</p>
      </details>
    )}
    <Rank task={task} />
    <Workers task={task} plan={plan} />
  </>
);

const EvidenceList = ({ evidence }: { readonly evidence: readonly Evidence[] }) => (
  <div className="stack evidence" role="group" aria-label="Evidence">
    {evidence.slice(0, SHOWN).map((each) => (
      <EvidenceItem key={each.findingId} evidence={each} />
    ))}
    {evidence.length > SHOWN && (
      <details>
        <summary>{evidence.length - SHOWN} more</summary>
        <div className="stack evidence">
          {evidence.slice(SHOWN).map((each) => (
            <EvidenceItem key={each.findingId} evidence={each} />
          ))}
        </div>
      </details>
    )}
  </div>
);

const Rank = ({ task: { score } }: { readonly task: PlannedTask }) => (
  <details>
    <summary>Why this rank: score {score.total.toLocaleString('en', { maximumFractionDigits: 1 })}</summary>
    <table className="rank">
      <tbody>
        {score.parts.map(({ name, value, why }) => (
          <tr key={name}>
            <th scope="row">{clean(name)}</th>
            <td className="rank-value">
              {value.toLocaleString('en', { signDisplay: 'always', maximumFractionDigits: 1 })}
            </td>
            <td className="wrap-anywhere">{clean(why)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </details>
);

/** Who does it, what it may touch, and with which other task it shares a file. */
const Workers = ({ task, plan }: Pick<PlanTaskProps, 'task' | 'plan'>) => {
  const others = plan.tasks.flatMap((other, index) => (task.overlaps?.includes(other.taskId) ? [index + 1] : []));
  return (
    <dl className="fact-list">
      <div>
        <dt>Agent</dt>
        <dd>
          <Badge mood="info">{clean(task.agent)}</Badge>{' '}
          {task.choice !== undefined && <span className="quiet wrap-anywhere">{clean(task.choice.why)}</span>}
        </dd>
      </div>
      {task.fallbacks !== undefined && (
        <div>
          <dt>In trouble</dt>
          <dd>it may go on to {inTurn(task.fallbacks)}</dd>
        </div>
      )}
      <div>
        <dt>May change</dt>
        <dd>
          <Paths paths={task.paths} />
        </dd>
      </div>
      {others.length > 0 && (
        <div>
          <dt>Overlap</dt>
          <dd className="tone-warning">
            Changes a file that task {others.join(', ')} changes, too: whoever merges both may meet a conflict.
          </dd>
        </div>
      )}
    </dl>
  );
};

const Paths = ({ paths }: { readonly paths: readonly string[] }) =>
  paths.length <= SHOWN ? (
    <ul>
      {paths.map((path) => (
        <li key={path} className="mono wrap-anywhere">
          {clean(path)}
        </li>
      ))}
    </ul>
  ) : (
    <details>
      <summary>{plural(paths.length, 'file')}</summary>
      <ul>
        {paths.map((path) => (
          <li key={path} className="mono wrap-anywhere">
            {clean(path)}
          </li>
        ))}
      </ul>
    </details>
  );
