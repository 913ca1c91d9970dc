// Delays of millions of deliveries, in buckets that are 2 % wide; those below 0.05 ms share one.
const LEAST_MS = 0.05;
const STEP = Math.log(1.02);
export const BUCKETS = 1000;

export const bucketOf = (ms) =>
  ms <= LEAST_MS ? 0 : Math.min(BUCKETS - 1, 1 + Math.floor(Math.log(ms / LEAST_MS) / STEP));

const middleOf = (bucket) => (bucket === 0 ? LEAST_MS : LEAST_MS * Math.exp((bucket - 0.5) * STEP));

export const sum = (histograms) =>
  histograms.reduce((total, each) => total.map((count, bucket) => count + each[bucket]), Array(BUCKETS).fill(0));

/** Nearest rank; `Infinity` when there is nothing. */
export const percentile = (histogram, share) => {
  const wanted = histogram.reduce((total, count) => total + count, 0) * share;
  let seen = 0;
  for (const [bucket, count] of histogram.entries()) {
    seen += count;
    if (seen > 0 && seen >= wanted) return middleOf(bucket);
  }
  return Infinity;
};
