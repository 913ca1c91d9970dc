import { useEffect, useRef, useState, type ReactNode } from 'react';
import { alerts, link, pulse } from '../live/present.js';
import { percentile } from '../live/clock.js';
import { useStore } from '../live/store.js';
import { Toasts } from '../ui/toasts.js';
import { ago } from '../ui/words.js';
import { Keys, useKeys } from './keys.js';
import { useNow } from './now.js';
import { linkTo, type Route } from './route.js';
import { nextTheme, theme } from './theme.js';

const ROOMS: readonly { readonly route: Route; readonly name: string; readonly key: string; readonly icon: string }[] =
  [
    { route: { screen: 'bridge' }, name: 'Bridge', key: 'b', icon: 'M3 11l9-7 9 7v9h-6v-6H9v6H3z' },
    { route: { screen: 'sprints' }, name: 'Sprints', key: 's', icon: 'M4 5h16M4 12h11M4 19h7' },
    {
      route: { screen: 'findings' },
      name: 'Findings',
      key: 'i',
      icon: 'M10 4a6 6 0 100 12 6 6 0 000-12M14.5 14.5L21 21',
    },
    { route: { screen: 'feed' }, name: 'Feed', key: 'f', icon: 'M4 6l5 6-5 6M12 18h8' },
    { route: { screen: 'progress' }, name: 'Progress', key: 'p', icon: 'M4 20V10m6 10V4m6 16v-7m4 7H2' },
    { route: { screen: 'health' }, name: 'Health', key: 'h', icon: 'M2 12h5l3-8 4 16 3-8h5' },
  ];

const roomOf = ({ screen }: Route) => (screen === 'sprint' || screen === 'task' ? 'sprints' : screen);

export const Shell = ({ route, children }: { readonly route: Route; readonly children: ReactNode }) => {
  const [help, setHelp] = useState(false);
  const main = useRef<HTMLElement>(null);
  useKeys(
    ROOMS.map(({ key, route: to }) => ({ keys: `g ${key}`, does: () => (location.hash = linkTo(to)) })),
    () => setHelp(true),
  );
  const room = roomOf(route);
  const where = JSON.stringify(route);
  useEffect(() => {
    document.title = `${ROOMS.find((each) => each.route.screen === room)?.name ?? 'HyperRun'} · HyperRun`;
  }, [room]);
  useEffect(() => {
    scrollTo(0, 0);
  }, [where]);
  return (
    <div className="shell">
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to content
      </a>
      <nav className="rail" aria-label="Rooms">
        <a className="brand" href={linkTo({ screen: 'bridge' })} aria-label="HyperRun, to the bridge">
          <svg width="30" height="30" viewBox="0 0 32 32" aria-hidden="true">
            <path
              d="M6 10l6 6-6 6M15 10l6 6-6 6"
              fill="none"
              stroke="var(--accent)"
              strokeWidth="3"
              strokeLinecap="round"
              strokeLinejoin="round"
            />
            <circle cx="26" cy="16" r="2" fill="var(--warn)" />
          </svg>
          <span>HyperRun</span>
        </a>
        <ul>
          {ROOMS.map(({ route: to, name, icon }) => (
            <li key={name}>
              <a href={linkTo(to)} aria-current={room === to.screen ? 'page' : undefined}>
                <svg width="20" height="20" viewBox="0 0 24 24" aria-hidden="true">
                  <path
                    d={icon}
                    fill="none"
                    stroke="currentColor"
                    strokeWidth="2"
                    strokeLinecap="round"
                    strokeLinejoin="round"
                  />
                </svg>
                <span>{name}</span>
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <header className="top">
        <LinkStatus />
        <div className="row top-end">
          <AlertCount />
          <ThemeButton />
          <button
            type="button"
            className="button button-plain button-small"
            onClick={() => setHelp(true)}
            aria-label="Keys"
          >
            <kbd>?</kbd>
          </button>
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
      <Toasts />
      {help && <Keys rooms={ROOMS} onClose={() => setHelp(false)} />}
    </div>
  );
};

const ThemeButton = () => {
  const chosen = useStore(theme);
  return (
    <button
      type="button"
      className="button button-plain button-small"
      onClick={nextTheme}
      aria-label={`Light: ${chosen}. Change`}
    >
      {chosen === 'dark' ? '☾' : chosen === 'light' ? '☀' : '◐'}
    </button>
  );
};

const AlertCount = () => {
  const open = [...useStore(alerts).values()].filter(({ acknowledgedBy }) => acknowledgedBy === undefined).length;
  return open === 0 ? null : (
    <a className="button button-small button-danger" href={linkTo({ screen: 'health' })}>
      {open} {open === 1 ? 'alert' : 'alerts'}
    </a>
  );
};

const WORDS = {
  connecting: 'connecting',
  live: 'live',
  lost: 'connection lost',
  'signed-out': 'signed out',
  full: 'service is full',
} as const;

/** Whether what is on screen is the present, and how fast it gets here. */
const LinkStatus = () => {
  const { state, since, retryAt } = useStore(link);
  const { perMinute, delays, lastEventAt } = useStore(pulse);
  const now = useNow();
  const p50 = percentile(delays, 0.5);
  const live = state === 'live';
  return (
    <p className="link-status" data-state={state}>
      <span className="link-dot" aria-hidden="true" />
      <strong>{WORDS[state]}</strong>
      {live && p50 !== undefined && (
        <span className="quiet wide-only">append → screen {Math.max(0, Math.round(p50))} ms</span>
      )}
      {live && (
        <span className="quiet wide-only">
          {perMinute.toLocaleString('en')} {perMinute === 1 ? 'event' : 'events'}/min
        </span>
      )}
      {live && lastEventAt !== undefined && <span className="quiet wide-only">last event {ago(lastEventAt, now)}</span>}
      {!live && state !== 'signed-out' && (
        <span className="quiet">
          what you see is from {ago(since, Date.now())}
          {retryAt !== undefined && retryAt > Date.now()
            ? `; next try in ${Math.ceil((retryAt - Date.now()) / 1000)} s`
            : ''}
        </span>
      )}
      {state === 'signed-out' && <span>`hyper-run open` prints a new link</span>}
    </p>
  );
};
