import { follow, type StreamMessage } from './follow.js';
import { Greeting } from './greeting.js';

const NAME = 'hyper-run events';

/** Somebody new wants to know where the others are. */
type Shared = StreamMessage | { readonly kind: 'who' };

/**
 * One connection for all tabs of a browser that has no shared workers: the tab that holds a lock follows the stream and tells the
 * others. When it goes, the next one follows, and all read anew what they show: nobody knows who has heard the last words.
 */
export const share = (tell: (message: StreamMessage) => void): (() => void) => {
  const channel = new BroadcastChannel(NAME);
  const left = new AbortController();
  let heard = false;
  channel.addEventListener('message', ({ data }: MessageEvent<Shared>) => {
    if (data.kind === 'who') return;
    heard = true;
    tell(data);
  });
  const lead = () =>
    new Promise<void>((release) => {
      const stop = told(channel, heard, tell);
      left.signal.addEventListener('abort', () => {
        stop();
        release();
      });
    });
  navigator.locks.request(NAME, { signal: left.signal }, lead).catch(() => undefined); // it left before its turn came
  channel.postMessage({ kind: 'who' } satisfies Shared);
  return () => {
    left.abort();
    channel.close();
  };
};

/** Follows for all. `takesOver`: another tab did so before. */
const told = (channel: BroadcastChannel, takesOver: boolean, tell: (message: StreamMessage) => void): (() => void) => {
  const greeting = new Greeting();
  const all = (message: StreamMessage) => {
    channel.postMessage(message);
    tell(message);
  };
  channel.addEventListener('message', ({ data }: MessageEvent<Shared>) => {
    if (data.kind !== 'who') return;
    for (const word of greeting.words) channel.postMessage(word);
  });
  return follow((message) => {
    const begins = message.kind === 'hello' && !greeting.begun;
    greeting.hear(message);
    all(message);
    if (message.kind === 'hello' && begins && takesOver)
      all({ kind: 'reset', reason: 'another tab follows the stream now', cursor: message.hello.cursor });
  });
};
