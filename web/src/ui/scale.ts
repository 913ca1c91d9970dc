import { useSyncExternalStore } from 'react';

/** As in tokens.css: on a screen as wide as this, everything is drawn larger. */
const wide = () => matchMedia('(min-width: 3200px)');
const LARGER = 1.5;

const subscribe = (listener: () => void) => {
  const query = wide();
  query.addEventListener('change', listener);
  return () => query.removeEventListener('change', listener);
};

/** By how much lengths are larger than they are written: for those that a script works with. */
export const useScale = (): number => useSyncExternalStore(subscribe, () => (wide().matches ? LARGER : 1));
