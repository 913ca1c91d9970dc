import { useState } from 'react';
import type { PlanView, ReadyPlan } from '../api/views.js';
import { useNow } from '../shell/now.js';
import { linkTo } from '../shell/route.js';
import { Empty, Failed, Loading } from '../ui/parts.js';
import { Badge } from '../ui/status.js';
import { ago, moment } from '../ui/words.js';
import { clean } from '#wording';
import { PlanDialog } from './plan-dialog.js';
import { PlanFacts } from './plan-facts.js';
import { PlanReview } from './plan-review.js';
import { PlanTask } from './plan-task.js';
import { usePlan } from './reviewing.js';
import './plan.css';

/** A plan, from the scan to the decision about it. */
export const PlanScreen = ({ sprintId }: { readonly sprintId: string }) => {
  const { data, error, refetch } = usePlan(sprintId);
  if (data === undefined)
    return error === null ? (
      <Loading what="the plan" />
    ) : (
      <Failed what="The plan" error={error} retry={() => void refetch()} />
    );
  switch (data.status) {
    case 'analysing':
      return <Analysing plan={data} />;
    case 'failed':
      return <NotMade plan={data} />;
    case 'proposed':
      return <PlanReview newest={data} />;
    default:
      return <DecidedPlan plan={data} />;
  }
};

const Analysing = ({ plan }: { readonly plan: PlanView }) => (
  <div className="panel plan-scan" role="status">
    <span className="scan-beam" aria-hidden="true" />
    <p>
      <strong>{clean(plan.repository.name)} is being read.</strong> Every file of the base commit is looked at; the plan
      appears here by itself, usually within seconds.
    </p>
    <p className="quiet">Asked for {ago(Date.parse(plan.requestedAt), useNow())}.</p>
  </div>
);

const NotMade = ({ plan }: { readonly plan: Extract<PlanView, { status: 'failed' }> }) => {
  const [again, setAgain] = useState(false);
  return (
    <>
      <div className="note note-bad" role="alert">
        <strong>The plan could not be made.</strong>
        <p className="wrap-anywhere">{clean(plan.reason)}</p>
        <button type="button" className="button button-small" onClick={() => setAgain(true)}>
          Plan again
        </button>
      </div>
      {again && <PlanDialog repository={plan.repository.repositoryId} onClose={() => setAgain(false)} />}
    </>
  );
};

const DECISIONS: Partial<Readonly<Record<ReadyPlan['status'], string>>> = {
  approved: 'Approved',
  rejected: 'Rejected',
  expired: 'Expired',
};

/** What was decided, by whom and when: the plan to be read, nothing more. */
const DecidedPlan = ({ plan }: { readonly plan: ReadyPlan }) => {
  const [again, setAgain] = useState(false);
  const { status, decidedBy, decidedAt, reason, taskIds, repository, scope } = plan;
  return (
    <div className="plan">
      <div className={`note ${status === 'approved' ? 'note-good' : ''}`}>
        <p className="wrap-anywhere">
          <strong>{DECISIONS[status]}</strong>
          {status !== 'expired' && decidedBy !== undefined && ` by ${decidedBy.replace('person:', '')}`}
          {decidedAt !== undefined && `, ${moment(decidedAt)}`}
          {reason !== undefined && `: ${clean(reason)}`}
        </p>
        {status === 'approved' ? (
          <a
            className="button button-small"
            href={linkTo({ screen: 'sprint', sprintId: plan.planId, tab: 'overview' })}
          >
            To the sprint
          </a>
        ) : (
          <button type="button" className="button button-small" onClick={() => setAgain(true)}>
            Plan anew
          </button>
        )}
      </div>
      <div className="plan-columns">
        <section aria-label="Tasks">
          {plan.tasks.length === 0 && <Empty title="There was no task in this plan" />}
          <ol className="plan-tasks">
            {plan.tasks.map((task, index) => (
              <PlanTask key={task.taskId} task={task} place={index + 1} plan={plan}>
                {taskIds !== undefined && (
                  <Badge mood={taskIds.includes(task.taskId) ? 'good' : 'quiet'}>
                    {taskIds.includes(task.taskId) ? 'approved' : 'declined'}
                  </Badge>
                )}
              </PlanTask>
            ))}
          </ol>
        </section>
        <PlanFacts plan={plan} />
      </div>
      {again && <PlanDialog repository={repository.repositoryId} scope={scope} onClose={() => setAgain(false)} />}
    </div>
  );
};
