import type { FeedLine } from '../live/feed.js';
import { clean } from '#wording';
import { linkTo } from '../shell/route.js';
import { moment } from '../ui/words.js';

interface EventDetailProps {
  readonly line: FeedLine;
  /** Number of the line that led to this one. */
  readonly cause?: number;
  readonly pinned: boolean;
  readonly onPin: () => void;
  readonly onJump: (number: number) => void;
  readonly onClose: () => void;
}

/** One event in full: exactly what the log says. */
export const EventDetail = ({ line, cause, pinned, onPin, onJump, onClose }: EventDetailProps) => (
  <section className="event-detail" aria-label="Event">
    <header className="row">
      <strong className="mono">{line.type}</strong>
      <span className="quiet">
        position {line.position} · {moment(line.time)} · by {line.actor}
      </span>
      <span className="row event-deeds">
        {cause !== undefined && (
          <button type="button" className="button button-small" onClick={() => onJump(cause)}>
            To its cause
          </button>
        )}
        {line.sprintId !== undefined && (
          <a
            className="button button-small"
            href={
              line.taskId === undefined
                ? linkTo({ screen: 'sprint', sprintId: line.sprintId, tab: 'overview' })
                : linkTo({ screen: 'task', sprintId: line.sprintId, taskId: line.taskId })
            }
          >
            {line.taskId === undefined ? 'Its sprint' : 'Its task'}
          </a>
        )}
        {line.sprintId !== undefined && (
          <a
            className="button button-small"
            href={linkTo({ screen: 'sprint', sprintId: line.sprintId, tab: 'replay' }, { at: String(line.position) })}
          >
            Travel there
          </a>
        )}
        <button type="button" className="button button-small" aria-pressed={pinned} onClick={onPin}>
          {pinned ? 'Unpin' : 'Pin'}
        </button>
        <button type="button" className="button button-small" onClick={onClose} aria-label="Close the event">
          ✕
        </button>
      </span>
    </header>
    <pre tabIndex={0}>{clean(JSON.stringify(JSON.parse(line.json), null, 2))}</pre>
  </section>
);
