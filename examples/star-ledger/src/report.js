import { byBrightness } from './magnitude.js';

const line = ({ time, object, magnitude, place }) =>
  `${time.toISOString().slice(0, 16)}Z  ${object}  ${magnitude.toFixed(1)}  ${place}`;

export const brightest = (sightings, count = 5) => [...sightings].sort(byBrightness).slice(0, count).map(line);

export const faintest = (sightings, count = 5) => [...sightings].sort(byBrightness).reverse().slice(0, count).map(line);

/** A night runs from noon to noon, UTC, and is called after the day on which it began. */
export const nights = (sightings) => {
  const counts = new Map();
  for (const { time } of sightings) {
    const night = new Date(time.getTime() - 12 * 3600 * 1000).toISOString().slice(0, 10);
    counts.set(night, (counts.get(night) ?? 0) + 1);
  }
  return [...counts].sort().map(([night, count]) => `${night}  ${count}`);
};
