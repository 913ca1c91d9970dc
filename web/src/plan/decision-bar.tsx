import { useState } from 'react';
import { ApiError } from '../api/client.js';
import { queries } from '../api/reads.js';
import { linkTo } from '../shell/route.js';
import { Confirm } from '../ui/confirm.js';
import { Problem } from '../ui/problem.js';
import { declinedText, executeText, shortHash, wayOut } from './decision.js';
import type { Review } from './reviewing.js';

interface DecisionBarProps {
  readonly review: Review;
  readonly chosen: readonly string[];
  /** Why nothing can be run now. */
  readonly hindrance?: string;
  readonly busyWith?: string;
  /** How long it can still be decided. */
  readonly remaining?: string;
  readonly onAnew: () => void;
}
/** The one thing to do with a plan, always in sight: it says exactly what will happen. */
export const DecisionBar = ({ review, chosen, hindrance, busyWith, remaining, onAnew }: DecisionBarProps) => {
  const { read, approve, reject, edit } = review;
  const [rejecting, setRejecting] = useState(false);
  const refused = approve.error ?? edit.error;
  const blocked = hindrance !== undefined || approve.isPending || edit.isPending;
  return (
    <section className="decision" aria-label="Decision">
      {refused !== null && refused !== undefined && (
        <Problem error={refused}>
          <WayOut error={refused} review={review} onAnew={onAnew} />
        </Problem>
      )}
      <div className="decision-row">
        <p className="decision-text">
          <span role="status">{hindrance}</span>
          {hindrance === undefined && (
            <>
              Approves exactly what you read (plan {shortHash(read.planHash)}). Your checkout stays as it is; what
              passes is kept on branches of its own. {declinedText(read.tasks.length, chosen.length)}{' '}
              {remaining !== undefined && `Time to decide: ${remaining}.`}
            </>
          )}{' '}
          {busyWith !== undefined && (
            <a href={linkTo({ screen: 'sprint', sprintId: busyWith, tab: 'overview' })}>To the sprint that runs</a>
          )}
        </p>
        <button type="button" className="button" onClick={() => setRejecting(true)}>
          Reject …
        </button>
        {read.tasks.length > 0 && (
          <button
            type="button"
            className="button button-primary decision-run"
            disabled={blocked}
            onClick={() => approve.mutate(chosen)}
          >
            {approve.isPending ? 'Approving …' : executeText(read, chosen.length)}
          </button>
        )}
      </div>
      {rejecting && (
        <Confirm
          title="Reject this plan?"
          label="Reject the plan"
          danger
          ask={{ label: 'Why (may be left out)', maxLength: 2000 }}
          pending={reject.isPending}
          error={reject.error}
          onConfirm={(reason) => reject.mutate(reason, { onSuccess: () => setRejecting(false) })}
          onClose={() => {
            reject.reset();
            setRejecting(false);
          }}
        >
          <p>Nothing of it will be run. The reason is recorded with your name.</p>
        </Confirm>
      )}
    </section>
  );
};

interface WayOutProps {
  readonly error: unknown;
  readonly review: Review;
  readonly onAnew: () => void;
}
const WayOut = ({ error, review, onAnew }: WayOutProps) => {
  const again = () => {
    review.approve.reset();
    review.edit.reset();
    void queries.invalidateQueries({ queryKey: [`/hyper-running/plans/${review.read.planId}`] });
  };
  switch (error instanceof ApiError ? wayOut(error.code) : undefined) {
    case 'plan-anew':
      return (
        <button type="button" className="button button-small" onClick={onAnew}>
          Plan anew
        </button>
      );
    case 'show-new':
      return (
        <button
          type="button"
          className="button button-small"
          onClick={review.changed === undefined ? again : review.showNew}
        >
          {review.changed === undefined ? 'Read the plan again' : 'Show the new plan'}
        </button>
      );
    case 'read-again':
      return (
        <button type="button" className="button button-small" onClick={again}>
          Show what was decided
        </button>
      );
    default:
      return (
        <button type="button" className="button button-small" onClick={again}>
          Dismiss
        </button>
      );
  }
};
