import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { spawnBound } from './spawn-bound.js';

/** A real redis-server on a port of this machine. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
  readonly client: Redis;
  /** Ends it as a crash would, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port. */
  start(): Promise<void>;
}

export interface RedisNodes {
  readonly nodes: readonly RedisNode[];
  /** Ends all and removes their data. */
  end(): Promise<void>;
}

export interface RedisCluster extends RedisNodes {
  readonly masters: readonly RedisNode[];
  /** The master of these that owns the slot of a key. */
  ownerOf(key: string): Promise<RedisNode>;
  /** That master, and a replica that follows it. */
  pairOf(key: string): Promise<readonly [master: RedisNode, replica: RedisNode]>;
  /** Moves the slot of a key with all that is in it, key by key, as resharding does. */
  move(key: string, from: RedisNode, to: RedisNode): Promise<void>;
}

const HOST = '127.0.0.1';
const SLOTS = 16_384;
const PROGRAM = () => process.env['HYPER_RUN_REDIS_SERVER'] ?? 'redis-server';
/** Nothing but the commands of a test makes another one take over. */
const NEVER_MS = '600000';

/** A real Redis Cluster: its masters share the slots evenly. */
export const startRedisCluster = async (masters = 3, replicated = false): Promise<RedisCluster> => {
  const group = await openGroup();
  const count = replicated ? masters * 2 : masters;
  try {
    for (let index = 0; index < count; index++) {
      const [busPort = 0] = await freePorts(1);
      await group.add((port) => [
        ...['--cluster-enabled', 'yes', '--cluster-port', String(busPort), '--cluster-announce-ip', HOST],
        ...['--cluster-node-timeout', NEVER_MS, '--cluster-config-file', `nodes-${port}.conf`],
        ...['--cluster-replica-validity-factor', '0', '--cluster-allow-replica-migration', 'no'],
      ]);
    }
    const { nodes } = group;
    const share = Math.ceil(SLOTS / masters);
    await Promise.all(
      nodes.map(async ({ client }, index) => {
        await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
        if (index < masters)
          await client.call('CLUSTER', 'ADDSLOTSRANGE', index * share, Math.min(SLOTS, (index + 1) * share) - 1);
      }),
    );
    const [first] = nodes;
    for (const { port, client } of nodes.slice(1)) {
      await first?.client.call('CLUSTER', 'MEET', HOST, port, await busPortOf(client));
    }
    await Promise.all(nodes.map(({ client }) => until(() => knows(client, count))));
    const ids = await Promise.all(nodes.map(({ client }) => client.call('CLUSTER', 'MYID') as Promise<string>));
    for (const [index, { client }] of nodes.slice(masters).entries()) {
      await client.call('CLUSTER', 'REPLICATE', ids[index] ?? '');
      await until(() => isInSync(client));
    }
    const ownerOf = async (key: string): Promise<RedisNode> => {
      const slot = Number(await first?.client.call('CLUSTER', 'KEYSLOT', key));
      const ranges = (await first?.client.call('CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
      const port = ranges.find(([from, to]) => from <= slot && slot <= to)?.[2][1];
      const owner = nodes.find((node) => node.port === port);
      if (owner === undefined) throw new Error(`Nobody owns ${key}.`);
      return owner;
    };
    return {
      ...group,
      masters: nodes.slice(0, masters),
      ownerOf,
      pairOf: async (key) => {
        const master = await ownerOf(key);
        for (const node of nodes) if (await isReplicaOf(node, master)) return [master, node];
        throw new Error(`The owner of ${key} has no replica.`);
      },
      move: (key, from, to) => moveSlot(key, from, to, nodes.slice(0, masters)),
    };
  } catch (error) {
    await group.end();
    throw error;
  }
};

/** A primary and a replica that has all that it has. @param program redis-server; default: as everywhere in the tests */
export const startReplicated = async (
  program?: string,
): Promise<RedisNodes & { readonly primary: RedisNode; readonly replica: RedisNode }> => {
  const group = await openGroup(program);
  try {
    return { ...group, ...(await addPair(group)) };
  } catch (error) {
    await group.end();
    throw error;
  }
};

/** A primary, a replica and a sentinel that watches over them under the name `main`. */
export const startRedisSentinel = async (
  downAfterMs = 2000,
): Promise<RedisNodes & { readonly primary: RedisNode; readonly replica: RedisNode; readonly sentinel: RedisNode }> => {
  const group = await openGroup();
  try {
    const { primary, replica } = await addPair(group);
    const sentinel = await group.addSentinel([
      `sentinel monitor main ${HOST} ${primary.port} 1`,
      `sentinel down-after-milliseconds main ${downAfterMs}`,
      'sentinel failover-timeout main 10000',
    ]);
    await until(async () => /slaves=1/.test(await sentinel.client.info('sentinel')));
    return { ...group, primary, replica, sentinel };
  } catch (error) {
    await group.end();
    throw error;
  }
};

/** Cuts a replica off from its primary: what the primary acknowledges from now on, it will never have. */
export const cutOff = async (replica: RedisNode, primary: RedisNode): Promise<void> => {
  // Refused by a primary without password, at every attempt to get hold of it again.
  await replica.client.config('SET', 'masteruser', 'nobody', 'masterauth', 'nonsense');
  await primary.client.call('CLIENT', 'KILL', 'TYPE', 'replica');
  await until(async () => /master_link_status:down/.test(await replica.client.info('replication')));
};

/** Undoes that: it comes back, and catches up. */
export const reunite = async (replica: RedisNode): Promise<void> => {
  await replica.client.config('SET', 'masteruser', '', 'masterauth', '');
  await until(() => isInSync(replica.client));
};

/**
 * Resolves when the replicas have said that they have all that a primary has, which they do once a second; nothing may be written to
 * it meanwhile. (WAIT would ask for what this client wrote.)
 */
export const inSync = async ({ client }: RedisNode): Promise<void> => {
  await until(async () => {
    const info = await client.info('replication');
    const offsets = [...info.matchAll(/^slave\d+:.*,offset=(\d+),/gm)].map(([, offset]) => Number(offset));
    const own = Number(/^master_repl_offset:(\d+)/m.exec(info)?.[1]);
    return offsets.length > 0 && offsets.every((offset) => offset >= own);
  });
};

/** Kills a primary, however much is being written to it, at a moment at which its replicas have all that it acknowledged. */
export const killInSync = async (primary: RedisNode): Promise<void> => {
  await primary.client.call('CLIENT', 'PAUSE', '60000', 'WRITE');
  await inSync(primary);
  await primary.kill();
};

/** Lets a replica take over from its master, which is dead, at once and by itself. */
export const takeOver = async ({ client }: RedisNode): Promise<void> => {
  await client.call('CLUSTER', 'FAILOVER', 'TAKEOVER');
};

/** And has a connection to it. */
export const isReplicaOf = async ({ client }: RedisNode, primary: RedisNode): Promise<boolean> => {
  const info = await client.info('replication');
  return info.includes(`master_port:${primary.port}\r`) && info.includes('master_link_status:up');
};

/** Asks again and again: of another process there is no event to wait for. */
export const until = async (condition: () => Promise<boolean>): Promise<void> => {
  while (!(await condition().catch(() => false))) await delay(20);
};

interface Group extends RedisNodes {
  add(args: (port: number) => readonly string[]): Promise<RedisNode>;
  addSentinel(lines: readonly string[]): Promise<RedisNode>;
}

const openGroup = async (program = PROGRAM()): Promise<Group> => {
  const folder = await mkdtemp(join(tmpdir(), 'hyper-run-nodes-'));
  const nodes: RedisNode[] = [];
  const all: RedisNode[] = [];
  const open = async (args: (port: number, home: string) => Promise<readonly string[]>): Promise<RedisNode> => {
    const [port = 0] = await freePorts(1);
    const home = join(folder, String(port));
    await mkdir(home);
    const node = await startNode(program, port, await args(port, home));
    all.push(node);
    return node;
  };
  return {
    nodes,
    add: async (args) => {
      const node = await open(async (port, home) => [
        ...['--port', String(port), '--bind', HOST, '--dir', home, '--save', ''],
        ...['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'],
        ...['--repl-diskless-sync-delay', '0', ...args(port)],
      ]);
      nodes.push(node);
      return node;
    },
    addSentinel: (lines) =>
      open(async (port, home) => {
        const file = join(home, 'sentinel.conf');
        await writeFile(file, [`port ${port}`, `bind ${HOST}`, `dir ${home}`, ...lines, ''].join('\n'));
        return [file, '--sentinel'];
      }),
    end: async () => {
      for (const { client } of all) client.disconnect();
      await Promise.all(all.map((node) => node.kill()));
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
};

const addPair = async (group: Group) => {
  const primary = await group.add(() => []);
  const replica = await group.add(() => ['--replicaof', HOST, String(primary.port)]);
  await until(() => isInSync(replica.client));
  return { primary, replica };
};

const startNode = async (program: string, port: number, args: readonly string[]): Promise<RedisNode> => {
  let child: ChildProcess;
  const client = new Redis({
    host: HOST,
    port,
    lazyConnect: true,
    retryStrategy: () => 20,
    disconnectTimeout: 100,
    maxRetriesPerRequest: null,
  });
  client.on('error', () => undefined);
  const start = async (): Promise<void> => {
    child = spawnBound(program, args, { stdio: 'ignore' });
    const died = once(child, 'exit').then(() => Promise.reject(new Error(`${program} ended`)));
    died.catch(() => undefined);
    if (client.status === 'wait') client.connect().catch(() => undefined);
    await Promise.race([client.ping(), died]);
  };
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  await start();
  return { host: HOST, port, client, start, kill };
};

/** Of those that nobody uses now, as a rule of nobody's in the next moment either. */
const freePorts = async (count: number): Promise<number[]> => {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, HOST);
      await once(server, 'listening');
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const { port } = server.address() as AddressInfo;
      await new Promise((resolve) => server.close(resolve));
      return port;
    }),
  );
};

const busPortOf = async (client: Redis): Promise<string> => {
  const myself = String(await client.call('CLUSTER', 'NODES'))
    .split('\n')
    .find((line) => line.includes('myself'));
  return /@(\d+)/.exec(myself ?? '')?.[1] ?? '';
};

const knows = async (client: Redis, count: number): Promise<boolean> => {
  const info = String(await client.call('CLUSTER', 'INFO'));
  return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${count}\r`);
};

const isInSync = async (client: Redis): Promise<boolean> =>
  /master_link_status:up/.test(await client.info('replication'));

const moveSlot = async (key: string, from: RedisNode, to: RedisNode, masters: readonly RedisNode[]): Promise<void> => {
  const slot = String(await from.client.call('CLUSTER', 'KEYSLOT', key));
  const [source, target] = await Promise.all([from, to].map(({ client }) => client.call('CLUSTER', 'MYID')));
  await to.client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(source));
  await from.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(target));
  for (;;) {
    const keys = (await from.client.call('CLUSTER', 'GETKEYSINSLOT', slot, '5')) as string[];
    if (keys.length === 0) break;
    await from.client.call('MIGRATE', to.host, String(to.port), '', '0', '10000', 'KEYS', ...keys);
  }
  for (const { client } of [to, from, ...masters.filter((node) => node !== from && node !== to)])
    await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', String(target));
};
