// One connection for all tabs of this browser: a browser allows six to one host, and each tab would take one.
import { follow } from './follow.js';
import { Greeting } from './greeting.js';

const scope = globalThis as unknown as { onconnect: (event: MessageEvent) => void };
const tabs = new Set<MessagePort>();
let greeting = new Greeting();
let stop: (() => void) | undefined;

const begin = () =>
  follow((message) => {
    greeting.hear(message);
    for (const tab of tabs) tab.postMessage(message);
  });

scope.onconnect = ({ ports: [tab] }) => {
  if (tab === undefined) return;
  tabs.add(tab);
  for (const word of greeting.words) tab.postMessage(word);
  tab.addEventListener('message', () => {
    tabs.delete(tab);
    if (tabs.size > 0) return;
    stop?.();
    stop = undefined;
    greeting = new Greeting();
  });
  tab.start();
  stop ??= begin();
};
