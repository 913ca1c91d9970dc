import { useSyncExternalStore } from 'react';
import { clock } from '../live/present.js';

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let second = Math.floor(Date.now() / 1000);

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  timer ??= setInterval(() => {
    second = Math.floor(Date.now() / 1000);
    for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
};

/** The time by the clock of the log, every second. */
export const useNow = (): number => {
  const now = useSyncExternalStore(subscribe, () => second) * 1000;
  return now + 999 + (clock.get()?.offset ?? 0);
};
