import type { RedisAddress } from './log.port.js';

/** `redis://`, `rediss://` or `unix://` as options of ioredis. The scheme was validated with the configuration. */
export const redisOptions = (address: string): RedisAddress => {
  const url = new URL(address);
  const credentials = {
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
  };
  if (url.protocol === 'unix:') return { path: decodeURIComponent(url.pathname), ...credentials };
  const db = Number(url.pathname.slice(1));
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    ...(db > 0 ? { db } : {}),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
    ...credentials,
  };
};

export const describeRedis = (options: RedisAddress): string =>
  options.path ?? `${options.host ?? 'localhost'}:${options.port ?? 6379}`;
