export interface WorkClock {
  /** How much work there may be, in milliseconds. */
  readonly ms: number;
  /** Whether the clock runs now. */
  readonly runs: () => boolean;
  /** Calls back when `runs` may have changed; returns how to stop that. */
  readonly onChange: (listener: () => void) => () => void;
  /** When it aborts the clock is put away. */
  readonly until: AbortSignal;
}

/** A signal that aborts after so much time, counting only while the clock runs. */
export const workClock = ({ ms, runs, onChange, until }: WorkClock): AbortSignal => {
  const over = new AbortController();
  let left = ms;
  let since: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(timer);
    if (since !== undefined) left -= performance.now() - since;
    since = undefined;
  };
  const look = () => {
    if (!runs()) return stop();
    if (since !== undefined) return;
    since = performance.now();
    timer = setTimeout(() => over.abort(), Math.max(0, left)).unref();
  };
  const forget = onChange(look);
  const putAway = () => {
    forget();
    stop();
  };
  until.addEventListener('abort', putAway, { once: true });
  if (until.aborted) putAway();
  else look();
  return over.signal;
};
