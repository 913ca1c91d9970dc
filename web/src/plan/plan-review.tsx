import { useCallback, useState } from 'react';
import { clean, plural } from '#wording';
import { useRead } from '../api/reads.js';
import type { Page, ReadyPlan, RepositoryView } from '../api/views.js';
import type { SeenEvent } from '../live/told.js';
import { useNow } from '../shell/now.js';
import { Empty } from '../ui/parts.js';
import { hindrance, overtaken, timeLeft } from './decision.js';
import { DecisionBar } from './decision-bar.js';
import { PlanDialog } from './plan-dialog.js';
import { PlanFacts } from './plan-facts.js';
import { ReviewTasks } from './review-tasks.js';
import { useReview } from './reviewing.js';
import type { PlanEdit } from './task-edit.js';

/** Where a person reads a plan, changes it, and decides. */
export const PlanReview = ({ newest }: { readonly newest: ReadyPlan }) => {
  const review = useReview(newest);
  const { read, changed } = review;
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [editing, setEditing] = useState<string>();
  const [anew, setAnew] = useState(false);
  const gone = overtaken({ tasks: read.tasks, head: newest.head });
  const chosen = read.tasks.map(({ taskId }) => taskId).filter((id) => !left.has(id) && !gone.has(id));
  const remaining = timeLeft(read.expiresAt, useNow());
  const busyWith = useRunning(read.repository.repositoryId);
  const why = hindrance({
    chosen: chosen.length,
    changed: changed !== undefined,
    editing: editing !== undefined,
    busyWith,
    left: remaining,
  });
  const choose = (taskId: string, on: boolean) => {
    const next = new Set(left);
    if (on) next.delete(taskId);
    else next.add(taskId);
    setLeft(next);
  };
  const edit = (change: PlanEdit, done?: () => void) => review.edit.mutate(change, { onSuccess: done });
  const open = (what?: string) => {
    review.edit.reset();
    setEditing(what);
  };
  return (
    <div className="plan">
      {changed !== undefined && <Changed changes={changed} onShow={review.showNew} />}
      <div className="plan-columns">
        {read.tasks.length === 0 ? (
          <NothingToDo
            plan={read}
            pending={review.edit.isPending || changed !== undefined}
            onWiden={(pattern) => edit({ scope: [...read.scope, pattern] })}
          />
        ) : (
          <ReviewTasks
            review={review}
            gone={gone}
            left={left}
            onChoose={choose}
            editing={editing}
            onEdit={setEditing}
            locked={changed !== undefined}
          />
        )}
        <PlanFacts
          plan={{ ...read, head: newest.head }}
          review={
            changed === undefined
              ? { edit, pending: review.edit.isPending, error: review.edit.error, editing, setEditing: open }
              : undefined
          }
        />
      </div>
      <DecisionBar
        review={review}
        chosen={chosen}
        hindrance={why}
        remaining={remaining}
        busyWith={busyWith}
        onAnew={() => setAnew(true)}
      />
      {anew && (
        <PlanDialog repository={read.repository.repositoryId} scope={read.scope} onClose={() => setAnew(false)} />
      )}
    </div>
  );
};

/** The sprint that runs on the repository, if one does. */
const useRunning = (repositoryId: string): string | undefined => {
  const changes = useCallback(({ type }: SeenEvent) => type.startsWith('repository.'), []);
  const { data } = useRead<Page<RepositoryView>>('/repositories?limit=1000', changes);
  return data?.items.find((each) => each.repositoryId === repositoryId)?.running;
};

const Changed = ({ changes, onShow }: { readonly changes: readonly string[]; readonly onShow: () => void }) => (
  <div className="note note-warning plan-changed" role="alert">
    <strong>This plan was changed elsewhere while you read it.</strong>
    <ul>
      {changes.map((change) => (
        <li key={change} className="wrap-anywhere">
          {change}
        </li>
      ))}
    </ul>
    <p>What you see below is the plan as you read it. It cannot be run any more.</p>
    <button type="button" className="button" onClick={onShow}>
      Show the new plan
    </button>
  </div>
);

interface NothingToDoProps {
  readonly plan: ReadyPlan;
  readonly pending: boolean;
  readonly onWiden: (pattern: string) => void;
}
const NothingToDo = ({ plan, pending, onWiden }: NothingToDoProps) => (
  <section className="panel" aria-label="Tasks">
    <Empty title="There is nothing to do for the agents in this scope">
      <p>
        {plan.findings.needModel > 0
          ? `${plural(plan.findings.needModel, 'finding')} ${plan.findings.needModel === 1 ? 'needs' : 'need'} a model or a person: no fixer can do them for certain.`
          : 'That is good news: nothing was found that a fixer could repair.'}
      </p>
      <div className="row">
        {plan.findings.outside.slice(0, 3).map(({ pattern, count }) => (
          <button key={pattern} type="button" className="button" disabled={pending} onClick={() => onWiden(pattern)}>
            {count.toLocaleString('en')} more in {clean(pattern)}: widen
          </button>
        ))}
      </div>
    </Empty>
  </section>
);
