import { useSyncExternalStore } from 'react';

/** A value that is told to the page at most once per frame, however often it changes. */
export interface Store<State> {
  readonly get: () => State;
  readonly set: (next: State) => void;
  readonly subscribe: (listener: () => void) => () => void;
}

const frame = (work: () => void) =>
  typeof document === 'undefined' || document.hidden ? setTimeout(work, 50) : requestAnimationFrame(work);

const due = new Set<() => void>();
let waiting = false;

/** Calls back in the next frame, once, however often it is asked to. */
export const nextFrame = (work: () => void): void => {
  due.add(work);
  if (waiting) return;
  waiting = true;
  frame(() => {
    waiting = false;
    const all = [...due];
    due.clear();
    for (const each of all) each();
  });
};

/** Lets the browser do what else waits: input, drawing. */
export const breath = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  });

export const createStore = <State>(initial: State): Store<State> => {
  let state = initial;
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  return {
    get: () => state,
    set(next) {
      if (Object.is(state, next)) return;
      state = next;
      nextFrame(tell);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};

/** The part of a store that a component shows; it is drawn again only when that part is another. */
export const useStore = <State, Part = State>(
  store: Store<State>,
  select: (state: State) => Part = (state) => state as unknown as Part,
): Part => useSyncExternalStore(store.subscribe, () => select(store.get()));
