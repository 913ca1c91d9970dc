import type { StreamName } from '#contracts';

export const DEFAULT_PREFIX = 'hyper:';
export const CHANNEL = 'hypercode.events';

/** Names of the log's keys. All of a partition share one hash tag, so that a script may touch them together. */
export interface Keys {
  readonly meta: string;
  readonly all: string;
  readonly feed: string;
  readonly catalogue: string;
  /** Which streams begin in which archive. */
  readonly archives: string;
  log(stream: StreamName): string;
  /** Where a log is written anew, for the time of one script. */
  anew(stream: StreamName): string;
  head(stream: StreamName): string;
}

/** The hash tag of a partition, without its braces. */
export const tagOf = (partition: number): string => `p${partition}`;

export const keysOf = (prefix: string, partition = 0): Keys => {
  const base = `${prefix}{${tagOf(partition)}}:`;
  return {
    meta: `${base}meta`,
    all: `${base}all`,
    feed: `${base}feed`,
    catalogue: `${base}catalogue`,
    archives: `${base}archives`,
    log: (stream) => `${base}log:${stream}`,
    anew: (stream) => `${base}anew:${stream}`,
    head: (stream) => `${base}head:${stream}`,
  };
};

/** Beside those of the first partition: the one order over the events of all. */
export const orderKeysOf = (
  prefix: string,
): { readonly reach: string; readonly order: string; readonly meta: string } => {
  const { meta } = keysOf(prefix, 0);
  const base = meta.slice(0, -'meta'.length);
  return { reach: `${base}reach`, order: `${base}order`, meta };
};
