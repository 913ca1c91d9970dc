import { useEffect, useRef, useState } from 'react';
import type { SeenEvent } from '../live/told.js';
import { setQuery } from '../shell/route.js';

export const SPEEDS = [1, 5, 25, 100, 1000] as const;

/** Silences of the log longer than this, at the speed that is played, are passed over: nobody wants to watch a person think. */
const LONGEST_SILENCE_MS = 2000;

/** How many events there are until a time. */
export const upTo = (events: readonly Pick<SeenEvent, 'time'>[], time: number): number => {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.time ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  return Math.max(1, low);
};

interface Place {
  readonly events: readonly SeenEvent[];
  readonly count: number;
  readonly live: boolean;
}

export interface Travel {
  readonly playing: boolean;
  readonly speed: number;
  readonly setSpeed: (speed: number) => void;
  /** To the moment after so many events. */
  readonly to: (count: number) => void;
  readonly toggle: () => void;
  readonly toLive: () => void;
}

/** Moves through the events of a sprint: by hand, or by the clock of the log times a speed. The moment stands in the address. */
export const useTravel = (place: Place): Travel => {
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(5);
  const now = useRef(place);
  useEffect(() => {
    now.current = place;
  });
  const move = (count: number) => {
    const { events } = now.current;
    const at = events[Math.min(events.length, Math.max(1, count)) - 1];
    if (at !== undefined) setQuery({ at: String(at.position) });
  };
  useEffect(() => {
    if (!playing) return undefined;
    const timeAt = (index: number) => now.current.events[index]?.time ?? 0;
    let logTime = timeAt(now.current.count - 1);
    let last = performance.now();
    let frame = requestAnimationFrame(function play(time) {
      const { events, count } = now.current;
      logTime += (time - last) * speed;
      last = time;
      if (count < events.length && timeAt(count) - logTime > LONGEST_SILENCE_MS * speed)
        logTime = timeAt(count) - 500 * speed;
      let next = count;
      while (next < events.length && timeAt(next) <= logTime) next++;
      if (next !== count) move(next);
      if (next >= events.length) setPlaying(false);
      else frame = requestAnimationFrame(play);
    });
    return () => cancelAnimationFrame(frame);
  }, [playing, speed]);
  return {
    playing,
    speed,
    setSpeed,
    to(count) {
      setPlaying(false);
      move(count);
    },
    toggle() {
      if (!playing && (place.live || place.count >= place.events.length)) move(1);
      setPlaying(!playing);
    },
    toLive() {
      setPlaying(false);
      setQuery({});
    },
  };
};
