import { duration } from '#wording';

export const signOutHint = 'This browser is not signed in any more. `hyper-run open` prints a new link.';

const DAY_MS = 86_400_000;

/** `12 s ago`, by the clock of the log; never in the future. */
export const ago = (time: number, now: number): string => {
  const ms = Math.max(0, now - time);
  if (ms >= 2 * DAY_MS) return `${Math.floor(ms / DAY_MS)} days ago`;
  return ms < 1000
    ? 'just now'
    : `${duration(ms < 60_000 ? Math.floor(ms / 1000) * 1000 : Math.floor(ms / 60_000) * 60_000)} ago`;
};

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });

export const timeOfDay = (time: number): string => CLOCK.format(time);
/** With milliseconds: what a line of the feed shows. */
export const preciseTime = (time: number): string => `${CLOCK.format(time)}.${String(time % 1000).padStart(3, '0')}`;
export const moment = (time: number | string): string => MOMENT.format(new Date(time));

/** The same colour for the same agent, everywhere. */
export const agentColour = (agentId: string | undefined): string => {
  if (agentId === undefined) return 'var(--text-quiet)';
  let sum = 0;
  for (const char of agentId) sum = (sum * 31 + char.charCodeAt(0)) % 997;
  return `var(--agent-${sum % 8})`;
};
