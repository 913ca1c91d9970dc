// One connection for all tabs of this browser: a browser allows six to one host, and each tab would take one.
import { follow, type StreamMessage } from './follow.js';

const scope = globalThis as unknown as { onconnect: (event: MessageEvent) => void };
const tabs = new Set<MessagePort>();
let state: StreamMessage | undefined;
let hello: StreamMessage | undefined;
let stop: (() => void) | undefined;

const begin = () =>
  follow((message) => {
    if (message.kind === 'state') state = message;
    if (message.kind === 'hello') hello = message;
    for (const tab of tabs) tab.postMessage(message);
  });

scope.onconnect = ({ ports: [tab] }) => {
  if (tab === undefined) return;
  tabs.add(tab);
  for (const known of [hello, state]) if (known !== undefined) tab.postMessage(known);
  tab.addEventListener('message', () => {
    tabs.delete(tab);
    if (tabs.size > 0) return;
    stop?.();
    stop = state = hello = undefined;
  });
  tab.start();
  stop ??= begin();
};
