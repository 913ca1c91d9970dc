import { clean } from '#wording';
import { linesOf, togglePattern } from './plan-request.js';

interface ScopeFieldProps {
  readonly value: string;
  readonly suggested: readonly string[];
  readonly onChange: (value: string) => void;
  readonly autoFocus?: boolean;
}
/** The patterns of a scope, typed or taken in and out by a click. */
export const ScopeField = ({ value, suggested, onChange, autoFocus }: ScopeFieldProps) => (
  <div className="stack scope-field">
    <label className="field">
      <span>Scope: what may be changed at all, one pattern per line</span>
      <textarea
        className="mono"
        spellCheck={false}
        rows={3}
        autoFocus={autoFocus}
        value={value}
        onChange={({ target }) => onChange(target.value)}
      />
    </label>
    <div className="row" role="group" aria-label="Patterns to take in or out">
      {suggested.map((pattern) => (
        <button
          key={pattern}
          type="button"
          className="button button-small mono chip"
          aria-pressed={linesOf(value).includes(pattern)}
          onClick={() => onChange(togglePattern(value, pattern))}
        >
          {pattern === '**' ? '** (all)' : clean(pattern)}
        </button>
      ))}
    </div>
  </div>
);
