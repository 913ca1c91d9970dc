import { useState } from 'react';
import { moment, timeOfDay } from '../ui/words.js';
import './lanes.css';

export type LaneTone = 'quiet' | 'active' | 'good' | 'bad' | 'warning' | 'info';

export interface LaneBar {
  readonly from: number;
  readonly to: number;
  readonly tone: LaneTone;
  readonly label: string;
}

export interface Lane {
  readonly key: string;
  readonly name: string;
  readonly href?: string;
  readonly bars: readonly LaneBar[];
  /** Moments at which something was done. */
  readonly ticks?: readonly number[];
}

interface LanesProps {
  readonly lanes: readonly Lane[];
  readonly from: number;
  readonly to: number;
  /** A moment to mark. */
  readonly at?: number;
  readonly onPick?: (time: number) => void;
  readonly label: string;
}

const ROW = 28;
const WIDTH = 1000;

/** What happened beside what: a lane for each, time from left to right. The same as a list for those who do not see it. */
export const Lanes = ({ lanes, from, to, at, onPick, label }: LanesProps) => {
  const [hover, setHover] = useState<string>();
  const span = Math.max(1, to - from);
  const x = (time: number) => ((Math.min(to, Math.max(from, time)) - from) / span) * WIDTH;
  const height = lanes.length * ROW;
  return (
    <figure className="lanes" aria-label={label}>
      <div className="lanes-names" aria-hidden={false}>
        {lanes.map(({ key, name, href }) => (
          <div key={key} className="cut" style={{ height: `calc(${ROW}px * var(--scale))` }} title={name}>
            {href === undefined ? name : <a href={href}>{name}</a>}
          </div>
        ))}
      </div>
      <svg
        viewBox={`0 0 ${WIDTH} ${Math.max(height, 1)}`}
        preserveAspectRatio="none"
        style={{ height: `calc(${Math.max(height, 1)}px * var(--scale))` }}
        aria-hidden="true"
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          onPick?.(from + ((event.clientX - box.left) / box.width) * span);
        }}
      >
        {lanes.map(({ key, bars, ticks = [] }, row) => (
          <g key={key}>
            {bars.map((bar, index) => (
              <rect
                key={index}
                className={`lane-bar lane-${bar.tone}`}
                x={x(bar.from)}
                y={row * ROW + 6}
                width={Math.max(2, x(bar.to) - x(bar.from))}
                height={ROW - 12}
                onPointerEnter={() => setHover(bar.label)}
                onPointerLeave={() => setHover(undefined)}
              >
                <title>{bar.label}</title>
              </rect>
            ))}
            {ticks.map((time, index) => (
              <line
                key={index}
                className="lane-tick"
                x1={x(time)}
                x2={x(time)}
                y1={row * ROW + 9}
                y2={row * ROW + ROW - 9}
              />
            ))}
          </g>
        ))}
        {at !== undefined && <line className="lane-at" x1={x(at)} x2={x(at)} y1="0" y2={height} />}
      </svg>
      <figcaption className="quiet">
        <span>{moment(from)}</span>
        <span aria-hidden="true">{hover}</span>
        <span>{timeOfDay(to)}</span>
      </figcaption>
      <ul className="visually-hidden">
        {lanes.map(({ key, name, bars }) => (
          <li key={key}>
            {name}: {bars.map((bar) => bar.label).join('; ')}
          </li>
        ))}
      </ul>
    </figure>
  );
};
