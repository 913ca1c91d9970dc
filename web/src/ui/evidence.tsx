import { clean } from '#wording';
import type { Evidence } from '../api/views.js';
import { Excerpt } from './excerpt.js';
import './evidence.css';

/** One thing that was found: what, where, and how it is known. */
export const EvidenceItem = ({ evidence }: { readonly evidence: Evidence }) => (
  <div className="evidence-item">
    <p className="wrap-anywhere">
      <code className="evidence-rule">{clean(evidence.rule)}</code> {clean(evidence.message)}
    </p>
    <Excerpt path={evidence.path} startLine={evidence.range.startLine} text={evidence.excerpt} />
    <p className="quiet evidence-how wrap-anywhere">
      Found by {clean(evidence.how)}
      {Object.entries(evidence.notes ?? {}).map(([name, note]) => (
        <span key={name}>
          {' '}
          · {clean(name)}: {clean(note)}
        </span>
      ))}
    </p>
  </div>
);
