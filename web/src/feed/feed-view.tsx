import { memo, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { plural } from '#wording';
import type { FeedLine } from '../live/feed.js';
import { feed, snapshot } from '../live/present.js';
import { useStore } from '../live/store.js';
import { useKeys } from '../shell/keys.js';
import { Shape } from '../ui/status.js';
import { agentColour, preciseTime } from '../ui/words.js';
import { causeOf } from './cause.js';
import { EventDetail } from './event-detail.js';
import { FilteredLines, KINDS, NO_FILTER, type FeedFilter } from './filter.js';
import { LineWindow, type WindowHandle } from './window.js';
import './feed.css';

const ROW = 22;

interface FeedViewProps {
  /** A small one beside other things: without search and filters. */
  readonly compact?: boolean;
}

/** The terminal of the ship: every event as a line, as it happens. */
export const FeedView = ({ compact = false }: FeedViewProps) => {
  const revision = useSyncExternalStore(feed.subscribe, feed.getRevision);
  const [filter, setFilter] = useState<FeedFilter>(NO_FILTER);
  const [following, setFollowing] = useState(true);
  const [seen, setSeen] = useState(0);
  const [chosen, setChosen] = useState<number>();
  const [pinned, setPinned] = useState<readonly number[]>([]);
  const lines = useRef<WindowHandle>(null);
  const search = useRef<HTMLInputElement>(null);
  const filtered = useMemo(() => new FilteredLines(feed.ring, filter), [filter]);
  filtered.update();
  const news = following ? 0 : Math.max(0, feed.ring.end - seen);

  const follow = (next: boolean) => {
    setFollowing(next);
    if (!next) setSeen(feed.ring.end);
  };
  useEffect(() => {
    if (filtered.size < 60) void feed.loadOlder().catch(() => undefined);
  }, [filtered, filtered.size, revision]);
  useKeys(
    compact
      ? []
      : [
          { keys: '/', does: () => search.current?.focus() },
          { keys: ' ', does: () => follow(!following) },
          { keys: 'End', does: () => follow(true) },
          { keys: 'Escape', does: () => setChosen(undefined) },
        ],
  );
  const jump = (number: number) => {
    setChosen(number);
    follow(false);
    const index = filtered.indexOf(number);
    if (index < 0) setFilter(NO_FILTER);
    // After the filter is gone, the line has another place.
    requestAnimationFrame(() => lines.current?.show(index < 0 ? number - feed.ring.first : index));
  };
  const pin = (number: number) =>
    setPinned((known) =>
      known.includes(number) ? known.filter((each) => each !== number) : [...known, number].slice(-5),
    );

  return (
    <div className={`feed ${compact ? 'feed-compact' : ''}`}>
      {!compact && <FilterBar filter={filter} onChange={setFilter} search={search} found={filtered.size} />}
      {pinned.length > 0 && (
        <ul className="feed-pinned" aria-label="Pinned lines">
          {pinned.map((number) => {
            const line = feed.ring.at(number);
            return (
              line && (
                <li key={number}>
                  <Line line={line} number={number} chosen={chosen === number} onChoose={jump} />
                </li>
              )
            );
          })}
        </ul>
      )}
      {!compact && feed.leftOut > 0 && (
        <p className="quiet">Let go of with their archives: {plural(feed.leftOut, 'older event')}.</p>
      )}
      <div className="feed-lines">
        <LineWindow
          label="Live feed"
          handle={lines}
          count={filtered.size}
          rowHeight={ROW}
          following={following}
          onFollow={follow}
          onTop={() => void feed.loadOlder().catch(() => undefined)}
          shift={filtered.shift}
          row={(index) => {
            const number = filtered.numberAt(index);
            const line = feed.ring.at(number);
            return (
              line && <Line key={number} line={line} number={number} chosen={chosen === number} onChoose={setChosen} />
            );
          }}
        />
        {filtered.size === 0 && (
          <p className="feed-nothing quiet">
            {feed.ring.size === 0
              ? 'Nothing has happened yet. Whatever any agent does appears here at once.'
              : 'No line passes this filter.'}
          </p>
        )}
        {!following && (
          <button type="button" className="button button-small feed-newest" onClick={() => follow(true)}>
            {news === 0 ? 'Paused. To the newest ↓' : `Paused: ${news.toLocaleString('en')} new ↓`}
          </button>
        )}
      </div>
      {chosen !== undefined && feed.ring.at(chosen) !== undefined && (
        <EventDetail
          line={feed.ring.at(chosen) as FeedLine}
          cause={causeOf(feed.ring, chosen)}
          pinned={pinned.includes(chosen)}
          onPin={() => pin(chosen)}
          onJump={jump}
          onClose={() => setChosen(undefined)}
        />
      )}
    </div>
  );
};

const TONE_SHAPES = { good: 'good', bad: 'bad', warning: 'warning', quiet: undefined, plain: undefined } as const;

interface LineProps {
  readonly line: FeedLine;
  readonly number: number;
  readonly chosen: boolean;
  readonly onChoose: (number: number) => void;
}
/** Drawn once: in every frame most lines are those of the one before, a few pixels higher. */
const Line = memo(({ line, number, chosen, onChoose }: LineProps) => {
  const shape = TONE_SHAPES[line.tone];
  return (
    <button type="button" className="line" aria-pressed={chosen} onClick={() => onChoose(number)}>
      <time className="line-time">{preciseTime(line.time)}</time>
      <span className={`line-mark tone-${line.tone}`}>{shape !== undefined && <Shape mood={shape} />}</span>
      <span className="line-who" style={{ color: agentColour(line.agentId) }}>
        {line.agentId ?? line.taskId ?? line.type.split('.')[0]}
      </span>
      <span className={`line-text tone-${line.tone}`}>{line.text}</span>
    </button>
  );
});

interface FilterBarProps {
  readonly filter: FeedFilter;
  readonly onChange: (filter: FeedFilter) => void;
  readonly search: React.RefObject<HTMLInputElement | null>;
  readonly found: number;
}
const FilterBar = ({ filter, onChange, search, found }: FilterBarProps) => {
  const { board } = useStore(snapshot);
  const toggle = (kind: string) => {
    const kinds = new Set(filter.kinds);
    if (!kinds.delete(kind)) kinds.add(kind);
    onChange({ ...filter, kinds });
  };
  return (
    <div className="feed-filter" role="search">
      <input
        ref={search}
        type="search"
        aria-label="Search the feed"
        placeholder="Search"
        value={filter.text}
        onChange={({ target }) => onChange({ ...filter, text: target.value })}
      />
      <select
        aria-label="Agent"
        value={filter.agent}
        onChange={({ target }) => onChange({ ...filter, agent: target.value })}
      >
        <option value="">all agents</option>
        {[...board.agents.keys()].map((id) => (
          <option key={id}>{id}</option>
        ))}
      </select>
      <div className="row" role="group" aria-label="Kinds of events">
        {KINDS.map(({ kind, name }) => (
          <button
            key={kind}
            type="button"
            className="button button-small chip"
            aria-pressed={filter.kinds.has(kind)}
            onClick={() => toggle(kind)}
          >
            {name}
          </button>
        ))}
      </div>
      <span className="quiet" role="status">
        {plural(found, 'line')}
      </span>
    </div>
  );
};
