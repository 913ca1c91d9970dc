import { useMemo } from 'react';
import { clean, tell } from '#wording';
import type { SeenEvent } from '../live/told.js';
import { useKeys } from '../shell/keys.js';
import { linkTo, usePlace } from '../shell/route.js';
import { Lanes } from '../sprints/lanes.js';
import { SprintOverview } from '../sprints/sprint-overview.js';
import type { LaneFold } from '../sprints/task-lanes.js';
import { Panel } from '../ui/parts.js';
import { toast } from '../ui/toasts.js';
import { agentColour, moment as inWords, preciseTime } from '../ui/words.js';
import { density } from './density.js';
import type { SprintHistory } from './histories.js';
import { SPEEDS, upTo, useTravel, type Travel } from './travel.js';
import './replay.css';

interface ReplayProps {
  readonly sprintId: string;
  readonly history: SprintHistory;
}

/** Travels through the log of a sprint. The screens are the same as now; only the moment is another. */
export const Replay = ({ sprintId, history }: ReplayProps) => {
  const { timeline, loaded } = history;
  const { events } = timeline;
  const wanted = usePlace().query.get('at');
  const live = wanted === null;
  const count = live ? events.length : Math.max(1, timeline.countUpTo(Number(wanted) || 0));
  const travel = useTravel({ events, count, live });
  useKeys([
    { keys: 'ArrowLeft', does: () => travel.to(count - 1) },
    { keys: 'ArrowRight', does: () => travel.to(count + 1) },
    { keys: 'k', does: travel.toggle },
    { keys: 'l', does: travel.toLive },
  ]);
  const event = events[count - 1];
  const first = events[0]?.time ?? 0;
  const end = events.at(-1)?.time ?? first;
  return (
    <div className="overview">
      <Panel
        title={live ? 'The present' : `As it was ${inWords(event?.time ?? 0)}`}
        actions={
          <MomentActions sprintId={sprintId} position={event?.position ?? 0} live={live} toLive={travel.toLive} />
        }
      >
        <Density events={events} count={count} />
        <input
          type="range"
          className="scrubber"
          aria-label="Moment"
          aria-valuetext={`event ${count} of ${events.length}${event === undefined ? '' : `: ${sentence(event)}`}`}
          min={first}
          max={end}
          step="any"
          value={event?.time ?? first}
          onChange={({ target }) => travel.to(upTo(events, Number(target.value)))}
          onKeyDown={(press) => {
            const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[press.key];
            if (step === undefined) return;
            press.preventDefault();
            travel.to(count + step);
          }}
        />
        <div className="row spread">
          <Controls travel={travel} count={count} />
          <span className="quiet">
            event {count.toLocaleString('en')} of {events.length.toLocaleString('en')}
            {loaded ? '' : ', more are being read'}
          </span>
        </div>
      </Panel>
      <Story events={events} count={count} onPick={travel.to} />
      <SprintOverview
        sprintId={sprintId}
        moment={timeline.after(count)}
        at={live ? undefined : event?.time}
        position={live ? undefined : event?.position}
      />
      <TravelLanes
        sprintId={sprintId}
        fold={timeline.lanes}
        events={events}
        count={count}
        onPick={(time) => travel.to(upTo(events, time))}
      />
    </div>
  );
};

const sentence = (event: SeenEvent) =>
  clean(tell({ type: `hyperrun.${event.type}`, data: event.data })[1]).slice(0, 300);

interface MomentActionsProps {
  readonly sprintId: string;
  readonly position: number;
  readonly live: boolean;
  readonly toLive: () => void;
}
const MomentActions = ({ sprintId, position, live, toLive }: MomentActionsProps) => {
  const share = () => {
    const link = linkTo({ screen: 'sprint', sprintId, tab: 'replay' }, { at: String(position) });
    navigator.clipboard.writeText(new URL(link, location.href).href).then(
      () => toast('good', 'The link to this moment is in the clipboard.'),
      () =>
        toast('bad', 'The browser did not allow the clipboard. Step once: the address of the page is then the link.'),
    );
  };
  return (
    <>
      <button type="button" className="button button-small" onClick={share}>
        Share this moment
      </button>
      <button
        type="button"
        className={`button button-small ${live ? 'live-on' : 'button-primary'}`}
        aria-pressed={live}
        onClick={toLive}
      >
        LIVE
      </button>
    </>
  );
};

const Controls = ({ travel, count }: { readonly travel: Travel; readonly count: number }) => (
  <div className="row">
    <button type="button" className="button button-small" onClick={() => travel.to(1)} aria-label="To the first event">
      ◀◀
    </button>
    <button
      type="button"
      className="button button-small"
      onClick={() => travel.to(count - 1)}
      aria-label="One event back"
    >
      ◀
    </button>
    <button type="button" className="button button-small" onClick={travel.toggle} aria-pressed={travel.playing}>
      {travel.playing ? 'Pause' : 'Play'}
    </button>
    <button
      type="button"
      className="button button-small"
      onClick={() => travel.to(count + 1)}
      aria-label="One event on"
    >
      ▶
    </button>
    <label className="row">
      <span className="quiet">speed</span>
      <select value={travel.speed} onChange={({ target }) => travel.setSpeed(Number(target.value))}>
        {SPEEDS.map((speed) => (
          <option key={speed} value={speed}>
            {speed} ×
          </option>
        ))}
      </select>
    </label>
  </div>
);

const BUCKETS = 120;

interface AtProps {
  readonly events: readonly SeenEvent[];
  readonly count: number;
}

const Density = ({ events, count }: AtProps) => {
  const { length } = events;
  // The list grows in place: its length says whether it is another one.
  const counts = useMemo(() => density(events.slice(0, length), BUCKETS), [events, length]);
  const most = Math.max(1, ...counts);
  const first = events[0]?.time ?? 0;
  const span = Math.max(1, (events.at(-1)?.time ?? 0) - first);
  const at = (((events[count - 1]?.time ?? 0) - first) / span) * BUCKETS;
  return (
    <svg className="density" viewBox={`0 0 ${BUCKETS} 30`} preserveAspectRatio="none" aria-hidden="true">
      {counts.map((each, bucket) => {
        const height = each === 0 ? 0 : 3 + (Math.log1p(each) / Math.log1p(most)) * 27;
        return (
          <rect
            key={bucket}
            x={bucket + 0.1}
            width="0.8"
            y={30 - height}
            height={height}
            className={bucket < at ? 'past' : ''}
          />
        );
      })}
    </svg>
  );
};

const SHOWN_BEFORE = 14;

/** What led up to the moment, the newest last. */
const Story = ({ events, count, onPick }: AtProps & { readonly onPick: (count: number) => void }) => {
  const first = Math.max(0, count - SHOWN_BEFORE);
  return (
    <Panel title="What happened up to here" flush>
      <ol className="story">
        {events.slice(first, count).map((event, offset) => (
          <li key={event.position} aria-current={first + offset + 1 === count ? 'true' : undefined}>
            <button type="button" className="line" onClick={() => onPick(first + offset + 1)}>
              <time className="line-time">{preciseTime(event.time)}</time>
              <span className="line-who" style={{ color: agentColour(event.agentId) }}>
                {event.agentId ?? event.taskId ?? event.type.split('.')[0]}
              </span>
              <span className={`line-text tone-${tell({ type: `hyperrun.${event.type}`, data: event.data })[0]}`}>
                {sentence(event)}
              </span>
            </button>
          </li>
        ))}
      </ol>
    </Panel>
  );
};

interface TravelLanesProps extends AtProps {
  readonly sprintId: string;
  readonly fold: LaneFold;
  readonly onPick: (time: number) => void;
}
const TravelLanes = ({ sprintId, fold, events, count, onPick }: TravelLanesProps) => {
  const { length } = events;
  const end = events.at(-1)?.time ?? 0;
  // It grows in place, as the list does.
  const lanes = useMemo(() => fold.lanes(sprintId, end), [sprintId, fold, length, end]);
  if (lanes.length === 0) return null;
  const from = events.find(({ type }) => type === 'task.queued')?.time ?? events[0]?.time ?? 0;
  return (
    <Panel title="Who did what when">
      <Lanes label="Tasks over time" lanes={lanes} from={from} to={end} at={events[count - 1]?.time} onPick={onPick} />
    </Panel>
  );
};
