import { absentRole, duration, plural } from '#wording';
import { write } from '../api/client.js';
import { useDeed } from '../api/reads.js';
import type { AlertView, HealthView } from '../api/views.js';
import { percentile } from '../live/clock.js';
import { alerts, clock, health, link, pulse, readAgain, snapshot } from '../live/present.js';
import { useStore } from '../live/store.js';
import { useHealth } from '../shell/health-store.js';
import { useNow } from '../shell/now.js';
import { linkTo } from '../shell/route.js';
import { Empty, Failed, Loading, Panel } from '../ui/parts.js';
import { Badge, type Mood } from '../ui/status.js';
import { ago, moment } from '../ui/words.js';
import './health.css';

/** How the ship itself is: is what I see the present, is it kept, is anything in trouble. */
export const HealthScreen = () => (
  <>
    <div className="page-head">
      <h1>Health</h1>
    </div>
    <div className="health">
      <Alerts />
      <Nerves />
      <Log />
    </div>
  </>
);

const MOODS: Readonly<Record<AlertView['severity'], Mood>> = { info: 'info', warning: 'warning', critical: 'bad' };

const Alerts = () => {
  const { loaded, failed } = useStore(snapshot);
  const all = [...useStore(alerts).values()].toSorted((a, b) => b.time.localeCompare(a.time));
  const open = all.filter(({ acknowledgedBy }) => acknowledgedBy === undefined);
  const seen = all.filter(({ acknowledgedBy }) => acknowledgedBy !== undefined);
  if (!loaded)
    return (
      <Panel title="Alerts" flush className="health-alerts">
        {failed === undefined ? (
          <Loading what="the alerts" />
        ) : (
          <Failed what="The alerts" error={failed} retry={readAgain} />
        )}
      </Panel>
    );
  return (
    <Panel title={open.length === 0 ? 'Alerts' : plural(open.length, 'open alert')} flush className="health-alerts">
      {all.length === 0 && (
        <Empty title="No alert">
          <p>Tasks that wait for you, agents that have stalled and trouble with a repository are told here.</p>
        </Empty>
      )}
      <ul>
        {open.map((alert) => (
          <Alert key={alert.alertId} alert={alert} />
        ))}
      </ul>
      {seen.length > 0 && (
        <details className="panel-body">
          <summary>{plural(seen.length, 'acknowledged alert')}</summary>
          <ul>
            {seen.slice(0, 100).map((alert) => (
              <Alert key={alert.alertId} alert={alert} />
            ))}
          </ul>
        </details>
      )}
    </Panel>
  );
};

const Alert = ({ alert }: { readonly alert: AlertView }) => {
  const { alertId, severity, kind, text, time, sprintId, taskId, acknowledgedBy } = alert;
  const now = useNow();
  const acknowledge = useDeed(() => write(`/alerts/${encodeURIComponent(alertId)}/acknowledge`));
  return (
    <li className="alert">
      <Badge mood={MOODS[severity]}>{severity}</Badge>
      <div>
        <p className="wrap-anywhere">{text}</p>
        <p className="quiet">
          {kind} · <span title={moment(time)}>{ago(Date.parse(time), now)}</span>
          {acknowledgedBy === undefined ? '' : ` · seen by ${acknowledgedBy}`}
          {sprintId !== undefined && (
            <>
              {' · '}
              <a
                href={linkTo(
                  taskId === undefined
                    ? { screen: 'sprint', sprintId, tab: 'overview' }
                    : { screen: 'task', sprintId, taskId },
                )}
              >
                {taskId ?? sprintId}
              </a>
            </>
          )}
        </p>
      </div>
      {acknowledgedBy === undefined && (
        <button
          type="button"
          className="button button-small"
          disabled={acknowledge.isPending}
          onClick={() => acknowledge.mutate(undefined)}
        >
          Acknowledge
        </button>
      )}
    </li>
  );
};

const ms = (value: number | undefined) => (value === undefined ? '–' : `${Math.max(0, Math.round(value))} ms`);

/** From the append in Redis to the paint on this screen, and what stands between. */
const Nerves = () => {
  const { state, since } = useStore(link);
  const { delays, perMinute, lastEventAt, lastPosition } = useStore(pulse);
  const reading = useStore(clock);
  const now = useNow();
  return (
    <Panel title="Nerves: append → screen">
      <dl className="facts">
        <div>
          <dt>median</dt>
          <dd className="big">{ms(percentile(delays, 0.5))}</dd>
        </div>
        <div>
          <dt>99 of 100 within</dt>
          <dd className="big">{ms(percentile(delays, 0.99))}</dd>
        </div>
        <div>
          <dt>of the newest</dt>
          <dd>{plural(delays.length, 'event')}</dd>
        </div>
        <div>
          <dt>events per minute</dt>
          <dd>{perMinute.toLocaleString('en')}</dd>
        </div>
        <div>
          <dt>last event</dt>
          <dd>
            {lastEventAt === undefined
              ? 'none since this page was opened'
              : `${ago(lastEventAt, now)}, position ${lastPosition}`}
          </dd>
        </div>
        <div>
          <dt>connection</dt>
          <dd>
            {state} for {duration(Math.max(0, Date.now() - since))}
          </dd>
        </div>
      </dl>
      <Histogram delays={delays} />
      <p className="quiet">
        {reading === undefined
          ? 'The clocks have not been compared yet: no latency is shown before they are.'
          : `The clock of the log is ${Math.abs(Math.round(reading.offset))} ms ${reading.offset >= 0 ? 'ahead of' : 'behind'} this browser's, give or take ${Math.ceil(reading.uncertainty)} ms; the figures are corrected by that and no more certain than it.`}
      </p>
    </Panel>
  );
};

const EDGES = [5, 10, 20, 50, 100, 200, 500, 1000, Number.POSITIVE_INFINITY];

const Histogram = ({ delays }: { readonly delays: readonly number[] }) => {
  if (delays.length === 0) return null;
  const counts = EDGES.map(
    (edge, index) => delays.filter((each) => each <= edge && each > (EDGES[index - 1] ?? -Infinity)).length,
  );
  const most = Math.max(...counts);
  return (
    <table className="histogram">
      <caption className="visually-hidden">How long the newest events took to the screen</caption>
      <tbody>
        {counts.map((count, index) => (
          <tr key={EDGES[index]}>
            <th scope="row">{EDGES[index] === Number.POSITIVE_INFINITY ? 'longer' : `≤ ${EDGES[index]} ms`}</th>
            <td>
              <span className="histogram-bar" style={{ width: `${(count / most) * 100}%` }} />
              {count}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};

const Log = () => {
  const told = useStore(health);
  const fresh = useHealth();
  const view = fresh.data ?? told;
  if (view === undefined)
    return (
      <Panel title="The log and its service">
        {fresh.isError ? (
          <Failed what="How the service is" error={fresh.error} retry={() => void fresh.refetch()} />
        ) : (
          <Loading what="how the service is" />
        )}
      </Panel>
    );
  const { durability, lossWindow, memory, isolation, redis, incarnation, position, projections } = view;
  const { roles, absentRoles = [], pid } = view;
  return (
    <Panel
      title="The log and its service"
      actions={
        <button type="button" className="button button-small" onClick={() => void fresh.refetch()}>
          Look again
        </button>
      }
    >
      <dl className="facts">
        <div>
          <dt>durability</dt>
          <dd>
            <Badge mood={durability === 'always' ? 'good' : 'warning'}>{durability}</Badge> a loss of power may take:{' '}
            {lossWindow}
          </dd>
        </div>
        <div>
          <dt>memory of the log</dt>
          <dd>
            <Badge mood={memory.takesNewSprints ? 'good' : 'bad'}>{memory.percent} %</Badge> in use
            {memory.partition === undefined ? '' : ` in partition ${memory.partition}, the fullest`}
            {memory.takesNewSprints ? '' : ': no new sprint is begun'}
          </dd>
        </div>
        <div>
          <dt>isolation of commands</dt>
          <dd>
            <Badge mood={isolation === 'none' ? 'bad' : 'good'}>{isolation}</Badge>
          </dd>
        </div>
        <div>
          <dt>Redis</dt>
          <dd>
            {redis.version} at {redis.address}
          </dd>
        </div>
        <div>
          <dt>events ever</dt>
          <dd>{position.toLocaleString('en')}</dd>
        </div>
        <div>
          <dt>life of the log</dt>
          <dd className="mono">{incarnation}</dd>
        </div>
        <div>
          <dt>this process</dt>
          <dd>
            {roles.join(', ')}; pid {pid}
          </dd>
        </div>
      </dl>
      {absentRoles.length > 0 && (
        <div className="note note-bad">
          <strong>Work waits</strong>
          <ul>
            {absentRoles.map((role) => (
              <li key={role}>{absentRole(role)}</li>
            ))}
          </ul>
        </div>
      )}
      {redis.weaknesses.length > 0 && (
        <div className="note note-warning">
          <strong>What weakens the promise</strong>
          <ul>
            {redis.weaknesses.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </div>
      )}
      {projections.parkedEvents > 0 && <Parked {...projections} />}
    </Panel>
  );
};

const PARKED_SHOWN = 20;

/** What of the log everything here goes on without, and where it lies. */
const Parked = ({ parked, parkedEvents }: HealthView['projections']) => {
  const shown = parked.slice(0, PARKED_SHOWN);
  return (
    <div className="note note-bad">
      <strong>What this program cannot read</strong>
      <p>
        It stays in the log, and all that is shown goes on without it. A program that knows it reads it at its next
        start.
      </p>
      <ol>
        {shown.map(({ projection, position, stream, version, type, error }) => (
          <li key={`${projection} ${position}`}>
            <p className="wrap-anywhere">{error}</p>
            <p className="quiet wrap-anywhere">
              {type === undefined ? '' : `${type}, `}event {version} of {stream}, position {position} of the log · left
              out of the {projection}
            </p>
          </li>
        ))}
      </ol>
      {parkedEvents > shown.length && <p>and {(parkedEvents - shown.length).toLocaleString('en')} more</p>}
    </div>
  );
};
