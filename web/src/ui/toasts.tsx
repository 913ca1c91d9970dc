import { createStore, useStore } from '../live/store.js';

interface Toast {
  readonly key: number;
  readonly mood: 'good' | 'bad';
  readonly text: string;
}

const toasts = createStore<readonly Toast[]>([]);
let count = 0;
const SHOWN_MS = 6000;

const dismiss = (key: number) => toasts.set(toasts.get().filter((toast) => toast.key !== key));

/** Says what came of something that a person did. What went wrong stays until it is dismissed. */
export const toast = (mood: Toast['mood'], text: string): void => {
  const key = ++count;
  toasts.set([...toasts.get().slice(-3), { key, mood, text }]);
  if (mood === 'good') setTimeout(() => dismiss(key), SHOWN_MS);
};

export const Toasts = () => (
  <div className="toasts" role="status" aria-live="polite">
    {useStore(toasts).map(({ key, mood, text }) => (
      <div key={key} className={`toast toast-${mood}`}>
        <p>{text}</p>
        <button
          type="button"
          className="button button-plain button-small"
          aria-label="Dismiss"
          onClick={() => dismiss(key)}
        >
          ✕
        </button>
      </div>
    ))}
  </div>
);
