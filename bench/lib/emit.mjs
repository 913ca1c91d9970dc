import { setTimeout as delay } from 'node:timers/promises';
import { numbered } from './events.mjs';
import { monotonic } from './monotonic.mjs';

/**
 * Appends so many numbered events a second, evenly: those of a tick in one append, which has ended before the next begins.
 * Gives for each event when its append was called and when it was acknowledged.
 */
export const emit = async (story, { rate, seconds, tickMs = 10, bytes }) => {
  const perTick = Math.max(1, Math.round((rate * tickMs) / 1000));
  const total = Math.round((rate * seconds) / perTick) * perTick;
  const every = (perTick * 1000) / rate;
  const sent = Array.from({ length: total }, () => 0);
  const acknowledged = Array.from({ length: total }, () => 0);
  const began = monotonic();
  for (let from = 0, tick = 0; from < total; from += perTick, tick++) {
    const wait = began + tick * every - monotonic();
    if (wait > 0.5) await delay(wait);
    const events = Array.from({ length: perTick }, (_, n) => numbered(from + n, bytes));
    sent.fill(monotonic(), from, from + perTick);
    await story.act(1, events);
    acknowledged.fill(monotonic(), from, from + perTick);
  }
  const tookMs = monotonic() - began;
  return { total, sent, acknowledged, rate: (total * 1000) / (tookMs + every), tookMs };
};

/** How many events `emit` will append. */
export const countOf = ({ rate, seconds, tickMs = 10 }) => {
  const perTick = Math.max(1, Math.round((rate * tickMs) / 1000));
  return Math.round((rate * seconds) / perTick) * perTick;
};
