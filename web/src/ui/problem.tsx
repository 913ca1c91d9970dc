import type { ReactNode } from 'react';
import { ApiError } from '../api/client.js';

interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

const isFieldProblem = (value: unknown): value is FieldProblem =>
  typeof value === 'object' && value !== null && 'field' in value && 'message' in value;

/** Which fields the service found wrong. */
const fieldsOf = (error: unknown): readonly FieldProblem[] =>
  error instanceof ApiError && Array.isArray(error.details.errors) ? error.details.errors.filter(isFieldProblem) : [];

interface ProblemProps {
  readonly error: unknown;
  /** The way out. */
  readonly children?: ReactNode;
}
/** Why something that a person did was refused, where they did it. */
export const Problem = ({ error, children }: ProblemProps) => {
  const fields = fieldsOf(error);
  return (
    <div className="note note-bad" role="alert">
      {fields.length > 1 ? (
        <ul>
          {fields.map(({ field, message }) => (
            <li key={`${field} ${message}`} className="wrap-anywhere">
              <strong>{field}</strong>: {message}
            </li>
          ))}
        </ul>
      ) : (
        <p className="wrap-anywhere">{error instanceof Error ? error.message : String(error)}</p>
      )}
      {children !== undefined && <div className="row">{children}</div>}
    </div>
  );
};
