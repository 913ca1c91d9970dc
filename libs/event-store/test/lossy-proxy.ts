import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';

export interface LossyProxy {
  readonly path: string;
  /** The next answer to a call that mentions `text` is lost: the connection breaks instead. Resolves when it did. */
  loseReplyTo(text: string): Promise<void>;
  /** Answers no longer come, connections stay open; until the returned function is called. */
  swallow(): () => void;
  /** Nothing passes any more over the connections that there are; they stay open. New ones are as they should be. */
  freeze(): void;
  /** Breaks all connections. */
  cut(): void;
  /** Resolves when so many more connections were made. */
  connected(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Stands between a client and Redis, on Unix sockets, and loses answers. */
export const startLossyProxy = async (path: string, target: string): Promise<LossyProxy> => {
  let doomed: { readonly text: string; readonly done: () => void } | undefined;
  let swallowing = false;
  const sockets = new Set<Socket>();
  const links = new Set<{ frozen: boolean }>();
  const server = createServer((client) => {
    const redis = createConnection(target);
    let losing: (() => void) | undefined;
    const link = { frozen: false };
    links.add(link);
    sockets.add(client).add(redis);
    client.on('data', (chunk) => {
      if (link.frozen) return;
      if (doomed !== undefined && chunk.includes(doomed.text)) [losing, doomed] = [doomed.done, undefined];
      redis.write(chunk);
    });
    redis.on('data', (chunk) => {
      if (swallowing || link.frozen) return;
      if (losing === undefined) return void client.write(chunk);
      losing();
      client.destroy();
      redis.destroy();
    });
    for (const [socket, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    path,
    loseReplyTo: (text) => new Promise((done) => (doomed = { text, done })),
    swallow: () => {
      swallowing = true;
      return () => (swallowing = false);
    },
    cut: () => sockets.forEach((socket) => socket.destroy()),
    connected: async (count) => {
      for (let made = 0; made < count; made++) await once(server, 'connection');
    },
    freeze: () => links.forEach((link) => (link.frozen = true)),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
