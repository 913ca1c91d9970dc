import { fanOut } from './lib/fan-out.mjs';
import { interleaved, ratios, row } from './lib/measure.mjs';
import { startRedis } from './lib/redis.mjs';
import { beginStory } from './lib/story.mjs';

export const title = 'fan-out of one process: 1,000 clients × 1,000 events/s, and the highest rate held';

const CLIENTS = 1000;
const NAMES = { ours: 'ours', nest: 'Nest @Sse', better: 'better-sse', channel: 'subscribers of the channel' };
const STEADY = { rate: 1000, seconds: 3 };
const ROUNDS = 3;
const CLIMB = [25, 50, 100, 200, 400, 700, 1000, 1500, 2000, 3000, 4000, 6000];
const CLIMB_SECONDS = 3;

const percent = (share) => `${Math.round(share * 100)} %`;

/** The highest rate at which every event reached every client within a second of the last. */
const climb = async (measure, side, from, signal) => {
  let held = { rate: 0, deliveries: 0 };
  for (const rate of CLIMB.slice(from)) {
    signal?.throwIfAborted();
    const found = await measure(side, { rate, seconds: CLIMB_SECONDS });
    if (found.share < 1 || found.rate < rate * 0.95) break;
    held = { rate, deliveries: found.rate * CLIENTS, ...found };
  }
  return held;
};

export const run = async (signal) => {
  const redis = await startRedis('everysec');
  try {
    const story = await beginStory(redis.path, 1);
    const measure = (side, load) => fanOut(side, { redis, story, clients: CLIENTS, processes: 1, ...load });
    const sides = Object.keys(NAMES);
    const steady = await interleaved(Object.fromEntries(sides.map((side) => [side, () => measure(side, STEADY)])), {
      rounds: ROUNDS,
      signal,
    });
    const held = {};
    for (const side of sides) held[side] = await climb(measure, side, side === 'ours' ? 7 : 0, signal);
    await story.close();
    const of = (side, take) => steady[side].map(take);
    const note = (side) => {
      const [last] = steady[side].slice(-1);
      return `the sender took ${percent(last.senderShare)} of a core, the clients ${percent(last.clientShare)}`;
    };
    return [
      ...sides.flatMap((side) => {
        const goals =
          side === 'ours'
            ? [
                ['100 %', 100],
                ['< 10', 10],
                ['< 30', 30],
              ]
            : [[], [], []];
        const goal = (index) => ({ goal: goals[index][0], limit: goals[index][1] });
        return [
          row(
            `${NAMES[side]}: delivered`,
            '%',
            of(side, ({ share }) => share * 100),
            { ...goal(0), atLeast: true, note: note(side) },
          ),
          row(
            '  p50 since the acknowledgement',
            'ms',
            of(side, ({ acknowledged }) => acknowledged.p50),
            goal(1),
          ),
          row(
            '  p99',
            'ms',
            of(side, ({ acknowledged }) => acknowledged.p99),
            goal(2),
          ),
          row(
            '  deliveries',
            '1/s',
            of(side, ({ share, rate }) => share * rate * CLIENTS),
          ),
        ];
      }),
      ...sides.map((side) =>
        row(`highest rate held: ${NAMES[side]}`, 'deliveries/s', [held[side].deliveries], {
          ...(side === 'ours' ? { goal: '≥ 1,500,000', limit: 1_500_000, atLeast: true } : {}),
          note:
            held[side].rate === 0
              ? `not even ${CLIMB[0]} events/s`
              : `${Math.round(held[side].rate)} events/s: p50 ${held[side].acknowledged.p50.toFixed(1)} ms, p99 ${held[side].acknowledged.p99.toFixed(0)} ms`,
        }),
      ),
      row(
        'processor time of a delivery, ours over Nest @Sse',
        '×',
        ratios(
          of('ours', (each) => each.microseconds),
          of('nest', (each) => each.microseconds),
        ),
      ),
    ];
  } finally {
    await redis.end();
  }
};
