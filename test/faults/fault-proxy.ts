import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

/** What may happen to a request on its way to Redis, or to its reply. */
export const NETWORK_FAULTS = [
  'reset',
  'half request',
  'late request',
  'lost reply',
  'half reply',
  'delay',
  'slices',
  'black hole',
] as const;
export type NetworkFault = (typeof NETWORK_FAULTS)[number];

export interface FaultProxyOptions {
  /** Unix socket of Redis. */
  readonly target: string;
  readonly random: () => number;
  /** Part of the requests that meet with a fault, 0 to 1. Asked for each. */
  readonly chance: () => number;
  readonly onFault: (fault: NetworkFault) => void;
}

export interface FaultProxy {
  readonly port: number;
  close(): Promise<void>;
}

const LONGEST_DELAY_MS = 30;
const LATEST_MS = 150;
const PIECES = 12;

/** Stands between clients on loopback and Redis, and does to what passes what networks do. */
export const startFaultProxy = async (options: FaultProxyOptions): Promise<FaultProxy> => {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const redis = createConnection(options.target);
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.on('error', () => undefined); // it closes by itself
      socket.on('close', () => sockets.delete(socket));
    }
    link(client, redis, options);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) end(socket);
      server.close();
      await once(server, 'close');
    },
  };
};

/** One connection. Each direction keeps its order, whatever is delayed. */
const link = (client: Socket, redis: Socket, { random, chance, onFault }: FaultProxyOptions): void => {
  let doomed: 'lost reply' | 'half reply' | undefined;
  let isSilent = false;
  let isLate = false;
  const cut = () => {
    reset(client);
    redis.destroy();
  };

  const strike = async (fault: NetworkFault, chunk: Buffer): Promise<void> => {
    switch (fault) {
      case 'reset':
        return cut();
      case 'half request':
        redis.end(half(chunk));
        return reset(client);
      case 'late request':
        isLate = true;
        reset(client);
        await delay(random() * LATEST_MS);
        redis.end(chunk);
        return;
      case 'lost reply':
      case 'half reply':
        doomed = fault;
        return void redis.write(chunk);
      case 'delay':
        await delay(random() * LONGEST_DELAY_MS);
        return void redis.write(chunk);
      case 'slices':
        return inSlices(chunk, redis);
      case 'black hole':
        isSilent = true;
    }
  };
  const onRequest = async (chunk: Buffer): Promise<void> => {
    if (isSilent || isLate) return;
    if (random() >= chance()) return void redis.write(chunk);
    const fault = NETWORK_FAULTS[Math.floor(random() * NETWORK_FAULTS.length)] ?? 'reset';
    onFault(fault);
    await strike(fault, chunk);
  };
  const onReply = (chunk: Buffer): void => {
    if (isSilent || isLate) return;
    if (doomed === undefined) return void client.write(chunk);
    if (doomed === 'half reply') client.write(half(chunk), cut);
    else cut();
  };

  let requests = Promise.resolve();
  client.on('data', (chunk) => {
    requests = requests.then(() => onRequest(chunk));
  });
  redis.on('data', onReply);
  client.on('close', () => !isLate && end(redis));
  redis.on('close', () => !isSilent && end(client));
};

const resetting = new WeakSet<Socket>();

const reset = (socket: Socket): void => {
  if (socket.destroyed || resetting.has(socket)) return;
  if (socket.writableEnded) return void socket.destroy();
  resetting.add(socket);
  socket.resetAndDestroy();
};

/** Who destroys a socket whose reset is under way leaves Node with a handle that never closes: the process cannot end. */
const end = (socket: Socket): void => {
  if (!resetting.has(socket)) socket.destroy();
};

const half = (chunk: Buffer): Buffer => chunk.subarray(0, Math.ceil(chunk.length / 2));

const inSlices = async (chunk: Buffer, to: Socket): Promise<void> => {
  const size = Math.ceil(chunk.length / PIECES);
  for (let at = 0; at < chunk.length; at += size) {
    to.write(chunk.subarray(at, at + size));
    await nextTurn();
  }
};
