import { HyperRunError, type StreamName } from '#contracts';

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
    head: (stream) => `${base}head:${stream}`,
  };
};

/** One order over all events needs one partition; more would need a cursor per partition, which no reader knows yet. */
export const checkPartitions = (partitions: number): void => {
  if (partitions !== 1)
    throw new HyperRunError(
      'log.partitions-unsupported',
      `The log has one partition; ${partitions} were asked for. Leave the option out.`,
      { partitions },
      'operator',
    );
};
