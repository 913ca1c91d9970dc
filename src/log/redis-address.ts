import type { RedisUrl } from '../config/redis-url.js';
import type { RedisAddress } from './log.port.js';

/** Where a Redis is, as options of ioredis and as nodes of a cluster. */
export const addressOf = (url: RedisUrl): RedisAddress => {
  const { username, password } = url;
  const credentials = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
  if (url.kind === 'socket') return { path: url.path, ...credentials };
  const tls = url.tls ? { tls: {} } : {};
  if (url.kind === 'cluster') return { cluster: url.nodes, ...tls, ...credentials };
  const db = url.db > 0 ? { db: url.db } : {};
  if (url.kind === 'server') return { host: url.host, port: url.port, ...db, ...tls, ...credentials };
  const { name, nodes, sentinel } = url;
  return {
    ...{ sentinels: [...nodes], name, ...db, ...tls, ...credentials },
    ...(sentinel.username === undefined ? {} : { sentinelUsername: sentinel.username }),
    ...(sentinel.password === undefined ? {} : { sentinelPassword: sentinel.password }),
    ...(url.tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
  };
};

/** For people: no password in it. */
export const describeRedis = (address: RedisAddress): string => {
  const { path, host = 'localhost', port = 6379, cluster, sentinels, name } = address;
  if (cluster !== undefined) return `cluster ${named(cluster)}`;
  if (sentinels !== undefined) return `${name}, watched by ${named(sentinels)}`;
  return path ?? `${host}:${port}`;
};

const named = (nodes: readonly { readonly host?: string; readonly port?: number }[]): string =>
  nodes.map(({ host, port }) => `${host}:${port}`).join(', ');
