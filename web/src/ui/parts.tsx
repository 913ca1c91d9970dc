import { useEffect, useRef, type ReactNode } from 'react';
import { ApiError } from '../api/client.js';
import { signOutHint } from './words.js';

interface PanelProps {
  readonly title: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** The content fills the panel up to its edge. */
  readonly flush?: boolean;
  readonly className?: string;
}
export const Panel = ({ title, actions, children, flush = false, className = '' }: PanelProps) => (
  <section className={`panel ${className}`}>
    <header>
      <h2>{title}</h2>
      {actions}
    </header>
    {flush ? children : <div className="panel-body">{children}</div>}
  </section>
);

interface EmptyProps {
  readonly title: string;
  readonly children?: ReactNode;
}
/** Nothing is here, and that is all right: what would make something appear. */
export const Empty = ({ title, children }: EmptyProps) => (
  <div className="empty">
    <h2>{title}</h2>
    {children}
  </div>
);

export const Loading = ({ what }: { readonly what: string }) => (
  <div className="skeleton" role="status">
    <span className="visually-hidden">Reading {what} …</span>
    <span aria-hidden="true" />
    <span aria-hidden="true" />
    <span aria-hidden="true" />
  </div>
);

interface FailedProps {
  readonly error: unknown;
  readonly what: string;
  readonly retry?: () => void;
}
/** What could not be read, in the words of the service, and the way out. */
export const Failed = ({ error, what, retry }: FailedProps) => (
  <div className="note note-bad" role="alert">
    <strong>{what} could not be read.</strong>
    <p className="wrap-anywhere">{error instanceof Error ? error.message : String(error)}</p>
    {error instanceof ApiError && error.status === 401 ? (
      <p>{signOutHint}</p>
    ) : (
      retry !== undefined && (
        <button type="button" className="button button-small" onClick={retry}>
          Try again
        </button>
      )
    )}
  </div>
);

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}
/** A native dialog: focus is kept inside, Escape closes it, and focus goes back to where it was. */
export const Dialog = ({ title, onClose, children }: DialogProps) => {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog ref={dialog} className="dialog" aria-label={title} onCancel={onClose} onClose={onClose}>
      {children}
    </dialog>
  );
};
