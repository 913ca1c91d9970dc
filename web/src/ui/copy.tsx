import { toast } from './toasts.js';

const copy = (text: string) =>
  navigator.clipboard.writeText(text).then(
    () => toast('good', 'It is in the clipboard.'),
    () => toast('bad', 'The browser did not allow the clipboard. Select the text and copy it.'),
  );

/** A line to be run elsewhere, with a button that copies it. */
export const CopyLine = ({ text, name }: { readonly text: string; readonly name: string }) => (
  <div className="copy-line">
    <code tabIndex={0} aria-label={name}>
      {text}
    </code>
    <button type="button" className="button button-small" aria-label={`Copy: ${name}`} onClick={() => void copy(text)}>
      Copy
    </button>
  </div>
);
