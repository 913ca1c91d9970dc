import { useEffect, useRef } from 'react';
import { clean } from '#wording';
import type { FindingView } from '../api/views.js';
import { EvidenceItem } from '../ui/evidence.js';
import { PlaceBadge } from './finding-tree.js';

interface FindingDetailProps {
  readonly finding: FindingView;
  readonly scope: readonly string[];
  readonly onPlan: () => void;
  readonly onWiden: () => void;
  readonly onDismiss: () => void;
  readonly onClose: () => void;
}
/** One finding: what, where, how it is known, who can mend it, and what can be done about it. */
export const FindingDetail = ({ finding, scope, onPlan, onWiden, onDismiss, onClose }: FindingDetailProps) => {
  const { source, confidence, fixer, place, dismissed } = finding;
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // Where the list is hidden behind it, focus would be lost with the list.
    if (document.activeElement === document.body || matchMedia('(max-width: 900px)').matches) head.current?.focus();
  }, []);
  return (
    <section className="panel finding-detail" aria-label="Finding">
      <header>
        <h2 ref={head} tabIndex={-1}>
          {source}
        </h2>
        <PlaceBadge finding={finding} />
        <button type="button" className="button button-small" onClick={onClose}>
          Close
        </button>
      </header>
      <div className="panel-body stack">
        <EvidenceItem evidence={finding} />
        <p className="wrap-anywhere">
          {confidence === 'certain' ? 'It is certain.' : confidence === 'likely' ? 'It is likely.' : 'It is possible.'}{' '}
          {fixer === undefined
            ? 'No fixer knows the one right answer: it needs a model or a person.'
            : `The built-in fixer ${clean(fixer)} can mend it for certain, without a model.`}
        </p>
        {!dismissed && place !== 'inside' && (
          <p className="note wrap-anywhere">
            {place === 'outside'
              ? `It lies outside the scope of the last plan: ${scope.map((pattern) => clean(pattern)).join(', ')}.`
              : 'Its file is protected: a plan names it only with an exact grant.'}
          </p>
        )}
        {dismissed ? (
          <p className="note">It is dismissed: no plan proposes it.</p>
        ) : (
          <div className="row">
            <button type="button" className="button button-primary" onClick={onPlan}>
              Plan from here …
            </button>
            {place === 'outside' && (
              <button type="button" className="button" onClick={onWiden}>
                Widen the scope …
              </button>
            )}
            <button type="button" className="button button-danger" onClick={onDismiss}>
              Dismiss …
            </button>
          </div>
        )}
      </div>
    </section>
  );
};
