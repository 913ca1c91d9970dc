import type { Durability } from '#system-tools';

const WINDOWS: Readonly<Record<Durability, string>> = {
  always: 'nothing, if the disk keeps what it says it wrote',
  everysec: 'the last two seconds',
  no: 'what the kernel had not written, commonly 30 seconds',
  none: 'everything since the last snapshot',
  unknown: 'not known: this Redis does not tell its settings',
};

/**
 * What of the acknowledged events a loss of power may take. docs/durability.md has the whole table, with its tests.
 * @param waitForDisk replicas that each event waits for, when it waits until it is on disk
 */
export const lossWindow = (durability: Durability, waitForDisk: number | undefined): string => {
  if (waitForDisk === undefined || durability === 'none') return WINDOWS[durability];
  return waitForDisk === 0 ? WINDOWS.always : `${WINDOWS.always}; ${waitForDisk} replicas have it too`;
};
