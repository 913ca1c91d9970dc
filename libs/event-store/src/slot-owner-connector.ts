import { createConnection, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';

export interface ClusterNode {
  readonly host: string;
  readonly port: number;
}

/** How long a node may take to answer where a slot is, in milliseconds. */
const ASK_MS = 2000;
const DISCONNECT_MS = 2000;

/** `[first, last, [host, port, …] of the master, … of its replicas]` */
type SlotRange = readonly [first: number, last: number, master: readonly [host: string | null, port: number]];

/**
 * Connects a client of ioredis to the master that owns the slot of a key: the counterpart, for one slot, of what its
 * `SentinelConnector` does. Nodes are asked in turn, beginning each time with another one: one that has been cut off from
 * the others may still name an owner of the past.
 */
export const slotOwnerConnector = (seeds: readonly ClusterNode[], key: string) => {
  let turn = 0;
  return class SlotOwnerConnector extends AbstractConnector {
    readonly #options: RedisOptions;

    constructor(options: unknown) {
      super(DISCONNECT_MS);
      this.#options = options as RedisOptions;
    }

    async connect(): Promise<Socket> {
      this.connecting = true;
      const { host, port } = await this.#owner();
      if (!this.connecting) throw new Error('Connection is closed.');
      const stream = connectTo(host, port, this.#options.tls);
      stream.once('error', (error) => (this.firstError = error));
      this.stream = stream;
      return stream;
    }

    /** Of what INFO says. A replica that was promoted a moment ago may still call itself one. */
    override check({ role }: { readonly role?: string }): boolean {
      return role === undefined || role === 'master';
    }

    async #owner(): Promise<ClusterNode> {
      const found: unknown[] = [];
      const first = turn++;
      for (let index = 0; index < seeds.length; index++) {
        const node = seeds[(first + index) % seeds.length];
        if (node === undefined) continue;
        try {
          return await ownerAccordingTo(node, key, this.#options);
        } catch (error) {
          found.push(`${node.host}:${node.port}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
      throw new Error(`No node of the cluster says who owns ${key} (${found.join('; ')})`);
    }
  };
};

const connectTo = (host: string, port: number, tls: ConnectionOptions | undefined): Socket =>
  tls === undefined ? createConnection({ host, port }) : connectTls({ host, port, servername: host, ...tls });

const ownerAccordingTo = async (
  node: ClusterNode,
  key: string,
  { username, password, tls }: RedisOptions,
): Promise<ClusterNode> => {
  const client = new Redis({
    ...node,
    ...{ username, password, tls },
    lazyConnect: true,
    retryStrategy: null,
    enableReadyCheck: false,
    connectTimeout: ASK_MS,
    commandTimeout: ASK_MS,
  });
  let lost: Error | undefined;
  client.on('error', (error: Error) => (lost = error));
  try {
    await client.connect();
    const slot = Number(await client.call('CLUSTER', 'KEYSLOT', key));
    const ranges = (await client.call('CLUSTER', 'SLOTS')) as SlotRange[];
    const owner = ranges.find(([first, last]) => first <= slot && slot <= last)?.[2];
    if (owner === undefined) throw new Error(`nobody owns slot ${slot}`);
    const [host, port] = owner;
    return { host: host === null || host === '' ? node.host : host, port };
  } catch (error) {
    throw lost ?? error;
  } finally {
    if (client.status !== 'end') client.disconnect();
  }
};
