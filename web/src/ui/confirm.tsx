import { useState, type FormEvent, type ReactNode } from 'react';
import { Dialog } from './parts.js';
import { Problem } from './problem.js';

interface ConfirmProps {
  readonly title: string;
  /** What will happen, and that it cannot be undone where it cannot. */
  readonly children: ReactNode;
  readonly label: string;
  readonly danger?: boolean;
  /** Asks for words besides. */
  readonly ask?: { readonly label: string; readonly required?: boolean; readonly maxLength: number };
  readonly pending: boolean;
  readonly error?: unknown;
  readonly onConfirm: (words: string) => void;
  readonly onClose: () => void;
}
/** Asks before something is done that cannot be undone, or that needs words. */
export const Confirm = ({ title, children, label, danger, ask, pending, error, onConfirm, onClose }: ConfirmProps) => {
  const [words, setWords] = useState('');
  const missing = ask?.required === true && words.trim() === '';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!missing) onConfirm(words.trim());
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        <h2>{title}</h2>
        {children}
        {ask !== undefined && (
          <label className="field">
            <span>{ask.label}</span>
            <textarea
              autoFocus
              required={ask.required}
              maxLength={ask.maxLength}
              value={words}
              onChange={({ target }) => setWords(target.value)}
            />
          </label>
        )}
        {error !== undefined && error !== null && <Problem error={error} />}
        <footer>
          <button type="button" className="button" onClick={onClose}>
            Back
          </button>
          <button
            type="submit"
            className={`button ${danger === true ? 'button-danger' : 'button-primary'}`}
            disabled={pending || missing}
          >
            {pending ? 'One moment …' : label}
          </button>
        </footer>
      </form>
    </Dialog>
  );
};
