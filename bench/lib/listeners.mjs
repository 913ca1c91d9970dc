import { percentile, sum } from './histogram.mjs';
import { monotonic } from './monotonic.mjs';
import { startWorker } from './worker.mjs';

/** What has not come so long after the last event was appended counts as not delivered. */
const GRACE_MS = 1000;

/**
 * So many clients of one stream, in processes of their own. `where`: `{url, token}` for a stream over HTTP, `{socket,
 * channel}` for a channel of Redis; `stalled` ones never read.
 */
export const openListeners = async (count, where, processes = 1) => {
  const workers = await Promise.all(Array.from({ length: processes }, () => startWorker('listeners-worker.mjs')));
  const all = (question) => Promise.all(workers.map((worker) => worker.ask(question)));
  await all({ what: 'open', count: count / processes, ...where });
  return {
    pids: workers.map(({ pid }) => pid),
    begin: (events) => all({ what: 'begin', events }),
    /** @param times name → when each event was sent, or acknowledged; the delays are told for each name */
    async result(times) {
      const events = Object.values(times)[0];
      const results = await all({ what: 'result', times, deadline: monotonic() + GRACE_MS });
      const delivered = results.reduce((total, each) => total + each.delivered, 0);
      const delays = Object.fromEntries(
        Object.keys(times).map((name) => {
          const histogram = sum(results.map(({ histograms }) => histograms[name]));
          return [name, { p50: percentile(histogram, 0.5), p99: percentile(histogram, 0.99) }];
        }),
      );
      const wrong = results.reduce((total, each) => total + each.wrong, 0);
      return { share: delivered / (count * events.length), delivered, wrong, ...delays };
    },
    async end() {
      await Promise.all(workers.map((worker) => worker.end()));
    },
  };
};
