import { codeOf, messageOf } from './failure.js';

/** Sends one command and gives its reply, for example `(...args) => redis.call(...args)`. */
export type RedisCall = (command: string, ...args: string[]) => Promise<unknown>;

/** When an acknowledged write is on disk. `unknown`: a managed Redis that does not let us ask. */
export type Durability = 'always' | 'everysec' | 'no' | 'none' | 'unknown';

export interface RedisProblem {
  readonly code:
    'redis.evicting' | 'redis.replica' | 'redis.not-persistent' | 'redis.weak-fsync' | 'redis.unknown-configuration';
  readonly text: string;
  /** It breaks the promise that nothing recorded is lost: refuse to work unless the operator says otherwise. */
  readonly fatal: boolean;
}

/** What this Redis promises about what it acknowledged. */
export interface RedisPromise {
  readonly version: string;
  readonly role: string;
  readonly appendonly: boolean | 'unknown';
  readonly appendfsync: string;
  readonly policy: string;
  readonly durability: Durability;
  readonly problems: readonly RedisProblem[];
}

/** Asks with INFO and, where that is permitted, CONFIG GET. Errors of the connection are passed on. */
export const checkRedis = async (call: RedisCall): Promise<RedisPromise> => {
  const info = parseInfo(String(await call('INFO')));
  const config = {
    appendonly: await configured(call, 'appendonly'),
    appendfsync: await configured(call, 'appendfsync'),
    policy: await configured(call, 'maxmemory-policy'),
    maxmemory: await configured(call, 'maxmemory'),
    save: await configured(call, 'save'),
  };
  const aof =
    config.appendonly ?? (info.has('aof_enabled') ? (info.get('aof_enabled') === '1' ? 'yes' : 'no') : undefined);
  const facts = {
    version: info.get('valkey_version') ?? info.get('redis_version') ?? 'unknown',
    role: info.get('role') ?? 'unknown',
    appendonly: aof === undefined ? ('unknown' as const) : aof === 'yes',
    appendfsync: config.appendfsync ?? 'unknown',
    policy: config.policy ?? info.get('maxmemory_policy') ?? 'unknown',
    maxmemory: config.maxmemory ?? info.get('maxmemory') ?? 'unknown',
    snapshots: (config.save ?? '') !== '',
  };
  const durability = durabilityOf(facts.appendonly, facts.appendfsync);
  return {
    version: facts.version,
    role: facts.role,
    appendonly: facts.appendonly,
    appendfsync: facts.appendfsync,
    policy: facts.policy,
    durability,
    problems: problemsOf({ ...facts, durability }),
  };
};

const durabilityOf = (appendonly: boolean | 'unknown', appendfsync: string): Durability => {
  if (appendonly === false) return 'none';
  if (appendonly === 'unknown') return 'unknown';
  return appendfsync === 'always' || appendfsync === 'everysec' || appendfsync === 'no' ? appendfsync : 'unknown';
};

interface Facts {
  readonly role: string;
  readonly policy: string;
  readonly maxmemory: string;
  readonly snapshots: boolean;
  readonly durability: Durability;
}

const problemsOf = ({ role, policy, maxmemory, snapshots, durability }: Facts): RedisProblem[] => {
  const problems: RedisProblem[] = [];
  const add = (code: RedisProblem['code'], fatal: boolean, text: string) => problems.push({ code, fatal, text });
  if (policy !== 'noeviction' && policy !== 'unknown')
    add(
      'redis.evicting',
      true,
      `maxmemory-policy is ${policy} (maxmemory ${maxmemory}): Redis may drop events. Set maxmemory-policy noeviction.`,
    );
  if (role === 'slave' || role === 'replica')
    add(
      'redis.replica',
      true,
      'This Redis is a replica: it refuses writes or loses them. Use the address of the primary.',
    );
  if (durability === 'none')
    add(
      'redis.not-persistent',
      true,
      `appendonly is no${snapshots ? ' (snapshots alone lose what came after the last one)' : ''}: a restart loses events. Set appendonly yes and appendfsync always.`,
    );
  if (durability === 'everysec' || durability === 'no')
    add(
      'redis.weak-fsync',
      false,
      `appendfsync is ${durability}: a crash may lose acknowledged events of the last seconds. Set appendfsync always.`,
    );
  if (durability === 'unknown' || policy === 'unknown')
    add(
      'redis.unknown-configuration',
      false,
      'This Redis does not tell its configuration (CONFIG GET is not permitted): see to it that it is persistent and evicts nothing.',
    );
  return problems;
};

const parseInfo = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text
      .split(/\r?\n/)
      .filter((line) => line.includes(':'))
      .map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );

/** A setting, or `undefined` when Redis does not let us ask or does not know it. */
const configured = async (call: RedisCall, name: string): Promise<string | undefined> => {
  try {
    return valueOf(await call('CONFIG', 'GET', name), name);
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
};

/** An error that Redis replied, not one of the connection, which carries the code of a system error. */
const isRefusal = (error: unknown): boolean =>
  codeOf(error) === undefined &&
  /^(ERR|NOPERM|READONLY|LOADING)\b|unknown command|not (permitted|allowed)/i.test(messageOf(error));

/** The reply is a list under RESP2 and a map under RESP3, which clients show as Map or as object. */
const valueOf = (reply: unknown, name: string): string | undefined => {
  if (Array.isArray(reply)) {
    const at = reply.findIndex((item) => String(item) === name);
    return at < 0 || reply[at + 1] === undefined ? undefined : String(reply[at + 1]);
  }
  const value: unknown =
    reply instanceof Map ? reply.get(name) : Object.entries(reply ?? {}).find(([key]) => key === name)?.[1];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
};
