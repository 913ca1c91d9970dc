import { Redis, type RedisOptions } from 'ioredis';
import { followsAsk } from './ask-redirection.js';
import { slotOwnerConnector, type ClusterNode } from './slot-owner-connector.js';

/**
 * How a Redis is reached: the options of ioredis (host and port, `path` of a Unix socket, `sentinels` and the `name` of what
 * they watch over), or some nodes of a Redis Cluster, of which it is the one that owns the keys in question.
 */
export interface RedisPlace extends Place {
  readonly cluster?: readonly ClusterNode[];
}

type Place = Pick<
  RedisOptions,
  | ('path' | 'host' | 'port' | 'username' | 'password' | 'db' | 'tls' | 'sentinels' | 'name')
  | ('sentinelUsername' | 'sentinelPassword' | 'enableTLSForSentinelMode' | 'sentinelTLS')
>;
type ClientOptions = Place & Pick<RedisOptions, 'Connector' | 'failoverDetector' | 'reconnectOnError'>;

/**
 * A client for keys that share a hash tag. In a cluster it is bound to the master that owns their slot, and looks for the
 * owner anew whenever it connects: after a failover, or when a node says that the slot has moved. With Sentinel it does so
 * by what the sentinels say, and leaves a master that has been demoted.
 * @param tag what stands in the braces of the keys
 */
export const openRedis = (place: RedisPlace, tag: string, options: RedisOptions = {}): Redis => {
  const redis = new Redis({ ...clientOptions(place, tag), ...options });
  return place.cluster === undefined ? redis : followsAsk(redis);
};

/** The same as options, for whoever makes clients of ioredis himself; they follow no `ASK`. */
export const clientOptions = ({ cluster, ...place }: RedisPlace, tag: string): ClientOptions => {
  if (cluster !== undefined)
    return { ...place, Connector: slotOwnerConnector(cluster, `{${tag}}`), reconnectOnError: sendElsewhere };
  if (place.sentinels !== undefined) return { ...place, failoverDetector: true, reconnectOnError: sendElsewhere };
  return place;
};

/** Whether another Redis may take over from the one that answers now. */
export const mayChange = (place: RedisPlace): boolean => place.cluster !== undefined || place.sentinels !== undefined;

/** Refused by a Redis that is not, or no longer, the one in charge; it was not carried out. */
export const isElsewhere = ({ message }: Error): boolean => /^(MOVED|READONLY) /.test(message);

/** 2: connect anew, which finds who is in charge now, and send the command there. */
const sendElsewhere = (error: Error): false | 2 => (isElsewhere(error) ? 2 : false);
