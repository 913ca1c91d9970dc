import { useMemo, useState, type RefObject } from 'react';
import { FINDING_SOURCES, type FindingSource } from '#contracts';
import type { FindingView } from '../api/views.js';
import { NO_FILTER, passes, SHOWN, type FindingFilter, type Grouping, type Shown } from './finding-list.js';

const SHOWN_WORDS: Readonly<Record<Shown, string>> = {
  open: 'open',
  inside: 'in the scope',
  outside: 'outside the scope',
  protected: 'protected',
  dismissed: 'dismissed',
  all: 'all',
};
const SOURCES: readonly FindingSource[] = FINDING_SOURCES;

interface FilterBarProps {
  readonly all: readonly FindingView[];
  readonly filter: FindingFilter;
  readonly onChange: (filter: FindingFilter) => void;
  readonly by: Grouping;
  readonly onGroup: (by: Grouping) => void;
  readonly found: number;
  readonly search: RefObject<HTMLInputElement | null>;
}
export const FilterBar = ({ all, filter, onChange, by, onGroup, found, search }: FilterBarProps) => {
  const [more, setMore] = useState(false);
  const change = (part: Partial<FindingFilter>) => onChange({ ...filter, ...part });
  const counts = useMemo(() => countsOf(all), [all]);
  const bySource = useMemo(
    () => Map.groupBy(all.filter(passes({ ...NO_FILTER, shown: filter.shown })), ({ source }) => source),
    [all, filter.shown],
  );
  const toggle = (source: FindingSource) => {
    const sources = new Set(filter.sources);
    if (!sources.delete(source)) sources.add(source);
    change({ sources });
  };
  return (
    <div className="findings-filter" role="search" data-more={more || undefined}>
      <input
        ref={search}
        type="search"
        aria-label="Search the findings"
        placeholder="Search"
        value={filter.text}
        onChange={({ target }) => change({ text: target.value })}
      />
      <input
        type="search"
        className="mono findings-seldom"
        aria-label="Part of the path"
        placeholder="docs/"
        spellCheck={false}
        value={filter.path}
        onChange={({ target }) => change({ path: target.value })}
      />
      <select
        aria-label="Show"
        value={filter.shown}
        onChange={({ target }) => change({ shown: target.value as Shown })}
      >
        {SHOWN.map((shown) => (
          <option key={shown} value={shown}>
            {SHOWN_WORDS[shown]} ({counts[shown].toLocaleString('en')})
          </option>
        ))}
      </select>
      <button type="button" className="button findings-more" aria-expanded={more} onClick={() => setMore(!more)}>
        {more ? 'Fewer filters' : 'More filters'}
      </button>
      <select
        className="findings-seldom"
        aria-label="Who can mend it"
        value={filter.who}
        onChange={({ target }) => change({ who: target.value as FindingFilter['who'] })}
      >
        <option value="">by anybody</option>
        <option value="fixer">by a fixer, for certain</option>
        <option value="judge">by a model or a person</option>
      </select>
      <select
        className="findings-seldom"
        aria-label="How sure it is"
        value={filter.certainty}
        onChange={({ target }) => change({ certainty: target.value as FindingFilter['certainty'] })}
      >
        <option value="">however sure</option>
        <option value="certain">certain</option>
        <option value="likely">likely</option>
        <option value="possible">possible</option>
      </select>
      <select
        className="findings-seldom"
        aria-label="Group"
        value={by}
        onChange={({ target }) => onGroup(target.value as Grouping)}
      >
        <option value="path">by file</option>
        <option value="rule">by rule</option>
        <option value="source">by kind</option>
      </select>
      <div className="row" role="group" aria-label="Kinds of findings">
        {SOURCES.filter((source) => bySource.has(source) || filter.sources.has(source)).map((source) => (
          <button
            key={source}
            type="button"
            className="button button-small chip"
            aria-pressed={filter.sources.has(source)}
            onClick={() => toggle(source)}
          >
            {source} {(bySource.get(source)?.length ?? 0).toLocaleString('en')}
          </button>
        ))}
      </div>
      <span className="quiet" role="status">
        {found.toLocaleString('en')} of {all.length.toLocaleString('en')} shown
      </span>
    </div>
  );
};

const countsOf = (all: readonly FindingView[]): Readonly<Record<Shown, number>> => {
  const counts = { open: 0, inside: 0, outside: 0, protected: 0, dismissed: 0, all: all.length };
  for (const { dismissed, place } of all) {
    counts[dismissed ? 'dismissed' : place]++;
    if (!dismissed) counts.open++;
  }
  return counts;
};
