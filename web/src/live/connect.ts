import { follow, type StreamMessage } from './follow.js';
import { share } from './share.js';

/** The stream for this tab: shared with the other tabs where the browser can do that. Returns how to leave it. */
export const connect = (tell: (message: StreamMessage) => void): (() => void) => {
  if (typeof SharedWorker === 'undefined') return withoutWorker(tell);
  const worker = new SharedWorker(new URL('./stream-worker.ts', import.meta.url), {
    type: 'module',
    name: 'hyper-run events',
  });
  worker.port.addEventListener('message', (message: MessageEvent<StreamMessage>) => tell(message.data));
  worker.port.start();
  return leavingWithThePage(() => worker.port.postMessage('leave'));
};

const withoutWorker = (tell: (message: StreamMessage) => void): (() => void) => {
  if (!('locks' in navigator) || typeof BroadcastChannel === 'undefined') return follow(tell);
  return leavingWithThePage(share(tell));
};

/** A page that is kept for the back button is told nothing; it begins anew when it is shown again. */
const leavingWithThePage = (leave: () => void): (() => void) => {
  addEventListener('pagehide', leave);
  addEventListener('pageshow', (event) => event.persisted && location.reload());
  return leave;
};
