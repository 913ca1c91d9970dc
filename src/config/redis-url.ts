// The forms of REDIS_URL. `URL` of Node knows no list of hosts, hence the grammar of our own.

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

interface Credentials {
  readonly username?: string;
  readonly password?: string;
}

export type RedisUrl = Credentials &
  (
    | { readonly kind: 'socket'; readonly path: string }
    | (HostAndPort & { readonly kind: 'server'; readonly tls: boolean; readonly db: number })
    | { readonly kind: 'cluster'; readonly tls: boolean; readonly nodes: readonly HostAndPort[] }
    | {
        readonly kind: 'sentinel';
        readonly tls: boolean;
        readonly nodes: readonly HostAndPort[];
        /** What the sentinels call the primary. */
        readonly name: string;
        readonly db: number;
        /** Those of the sentinels themselves. */
        readonly sentinel: Credentials;
      }
  );

const FORM = /^(redis|rediss|unix)(?:\+(cluster|sentinel))?:\/\/(?:([^/?\s]*)@)?([^/?@\s]*)(\/[^?\s]*)?(?:\?(\S*))?$/;
const HOST = /^(\[[\da-f:.]+\]|[\w.-]{1,253})(?::(\d{1,5}))?$/i;
const DB = /^\/?(\d{0,5})$/;

/** Undefined where it is none of the forms. */
export const parseRedisUrl = (text: string): RedisUrl | undefined => {
  const [, scheme, among, userinfo = '', authority = '', path = '', query = ''] = FORM.exec(text) ?? [];
  const credentials = credentialsIn(userinfo);
  if (scheme === undefined || credentials === undefined) return undefined;
  const tls = scheme === 'rediss';
  if (scheme === 'unix') {
    const file = decoded(path);
    const isSocket = among === undefined && authority === '' && file !== undefined && file.length > 1;
    return isSocket ? { kind: 'socket', path: file, ...credentials } : undefined;
  }
  const nodes = hostsIn(authority, among === 'sentinel' ? 26_379 : 6379);
  const [first] = nodes ?? [];
  if (nodes === undefined || first === undefined) return undefined;
  if (among === 'cluster') return /^\/?$/.test(path) ? { kind: 'cluster', tls, nodes, ...credentials } : undefined;
  if (among === 'sentinel') return sentinelOf({ tls, nodes, ...credentials }, path, query);
  const db = dbIn(path);
  return nodes.length > 1 || db === undefined ? undefined : { kind: 'server', tls, ...first, db, ...credentials };
};

/** What must not be told of it, whatever form it has: as it stands there, and decoded. */
export const passwordsIn = (text: string): string[] => {
  const [, ofRedis] = /^[\w+.-]+:\/\/[^:/?\s]*:([^/?\s]*)@/.exec(text) ?? [];
  const [, ofSentinel] = /[?&]password=([^&\s]*)/.exec(text) ?? [];
  return [ofRedis, ofSentinel].flatMap((found) => (found ? [found, decoded(found) ?? found] : []));
};

const sentinelOf = (
  about: Credentials & { readonly tls: boolean; readonly nodes: readonly HostAndPort[] },
  path: string,
  query: string,
): RedisUrl | undefined => {
  const [, name, rest = ''] = /^\/([\w.-]{1,64})(\/\d*)?$/.exec(path) ?? [];
  const db = dbIn(rest);
  const given = new URLSearchParams(query);
  if (name === undefined || db === undefined || [...given.keys()].some((key) => !/^(username|password)$/.test(key)))
    return undefined;
  const [username, password] = [given.get('username'), given.get('password')];
  const sentinel = { ...(username === null ? {} : { username }), ...(password === null ? {} : { password }) };
  return { kind: 'sentinel', name, db, sentinel, ...about };
};

const credentialsIn = (userinfo: string): Credentials | undefined => {
  const at = userinfo.indexOf(':');
  const username = decoded(at < 0 ? userinfo : userinfo.slice(0, at));
  const password = decoded(at < 0 ? '' : userinfo.slice(at + 1));
  if (username === undefined || password === undefined) return undefined;
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) };
};

const hostsIn = (authority: string, usualPort: number): HostAndPort[] | undefined => {
  const found = authority.split(',').map((each) => {
    const [, host = '', digits] = HOST.exec(each) ?? [];
    const port = digits === undefined ? usualPort : Number(digits);
    return { host: host.replaceAll(/^\[|\]$/g, ''), port };
  });
  return found.every(({ host, port }) => host !== '' && port > 0 && port < 65_536) ? found : undefined;
};

const dbIn = (path: string): number | undefined => {
  const [, digits] = DB.exec(path) ?? [];
  return digits === undefined ? undefined : Number(digits);
};

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};
