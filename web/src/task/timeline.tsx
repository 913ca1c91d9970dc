import { useState } from 'react';
import { duration, plural } from '#wording';
import { LineWindow } from '../feed/window.js';
import { linkTo } from '../shell/route.js';
import { Shape } from '../ui/status.js';
import { moment, timeOfDay } from '../ui/words.js';
import type { Row } from './rows.js';
import type { TaskTimeline } from './task-timeline.js';

const ROW = 26;
const MOST_ROWS = 18;

interface TimelineProps {
  readonly sprintId: string;
  readonly timeline: TaskTimeline;
}
/** Everything that was done for the task, in order. */
export const Timeline = ({ sprintId, timeline }: TimelineProps) => {
  const [following, setFollowing] = useState(true);
  const [only, setOnly] = useState(false);
  const [chosen, setChosen] = useState<string>();
  const rows = only ? timeline.rows.filter(({ trouble }) => trouble) : timeline.rows;
  const troubles = timeline.rows.filter(({ trouble }) => trouble).length;
  const row = rows.find(({ key }) => key === chosen);
  return (
    <>
      <div className="row timeline-head">
        <span className="quiet">
          {plural(timeline.rows.length, 'line')}
          {timeline.refusals > 0 && `, ${plural(timeline.refusals, 'refusal')}`}
        </span>
        {troubles > 0 && (
          <button type="button" className="button button-small chip" aria-pressed={only} onClick={() => setOnly(!only)}>
            only what went wrong ({troubles})
          </button>
        )}
      </div>
      <div
        className="timeline"
        style={{ height: `calc(${Math.min(MOST_ROWS, Math.max(1, rows.length)) * ROW}px * var(--scale))` }}
      >
        <LineWindow
          label="Timeline of the task"
          count={rows.length}
          rowHeight={ROW}
          following={following}
          onFollow={setFollowing}
          row={(index) => {
            const each = rows[index];
            return (
              each && (
                <TimelineRow
                  key={each.key}
                  row={each}
                  chosen={each.key === chosen}
                  onChoose={() => setChosen(each.key === chosen ? undefined : each.key)}
                />
              )
            );
          }}
        />
      </div>
      {row !== undefined && <RowDetail row={row} sprintId={sprintId} onClose={() => setChosen(undefined)} />}
    </>
  );
};

interface TimelineRowProps {
  readonly row: Row;
  readonly chosen: boolean;
  readonly onChoose: () => void;
}
const TONE_MOODS = { good: 'good', bad: 'bad', warning: 'warning', quiet: undefined, plain: undefined } as const;

const TimelineRow = ({ row, chosen, onChoose }: TimelineRowProps) => {
  const mood = row.open ? 'active' : row.trouble ? 'bad' : TONE_MOODS[row.tone];
  return (
    <button
      type="button"
      className={`line timeline-row ${row.trouble ? 'timeline-trouble' : ''}`}
      aria-pressed={chosen}
      onClick={onChoose}
    >
      <time className="line-time">{timeOfDay(row.time)}</time>
      <span className="line-mark">{mood !== undefined && <Shape mood={mood} />}</span>
      <span className={`line-text tone-${row.tone}`}>{row.text}</span>
      {row.open && <span className="quiet">runs</span>}
      {row.reported && (
        <span className="timeline-reported" title="The agent says so; nobody of ours has seen it.">
          reported
        </span>
      )}
    </button>
  );
};

interface RowDetailProps {
  readonly row: Row;
  readonly sprintId: string;
  readonly onClose: () => void;
}
const RowDetail = ({ row, sprintId, onClose }: RowDetailProps) => (
  <section className="event-detail" aria-label="Line of the timeline">
    <header className="row">
      <strong className="mono">{row.type}</strong>
      <span className="quiet">
        {moment(row.time)}
        {row.tookMs !== undefined && ` · took ${duration(row.tookMs)}`}
        {row.attempt !== undefined && ` · attempt ${row.attempt}`} ·{' '}
        {row.reported ? 'reported by the agent' : 'observed'}
      </span>
      <span className="row event-deeds">
        <a
          className="button button-small"
          href={linkTo({ screen: 'sprint', sprintId, tab: 'replay' }, { at: String(row.position) })}
        >
          Travel there
        </a>
        <button type="button" className="button button-small" onClick={onClose} aria-label="Close the line">
          ✕
        </button>
      </span>
    </header>
    <p className="wrap-anywhere">{row.text}</p>
    {row.detail !== undefined && (
      <pre tabIndex={0} aria-label="What it printed or said" className="output">
        {row.detail}
      </pre>
    )}
  </section>
);
