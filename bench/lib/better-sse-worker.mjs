// What one writes with better-sse: a channel, fed from the channel of Redis. Events are text already.
import { createServer } from 'node:http';
import { createChannel, createSession } from 'better-sse';
import { Redis } from 'ioredis';
import { answering } from './worker.mjs';

const [, , socket, name] = process.argv;
const channel = createChannel();
let id = 0;

const server = createServer((request, response) => {
  createSession(request, response, { serializer: (data) => data }).then(
    (session) => channel.register(session),
    (error) => response.destroy(error),
  );
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const redis = new Redis({ path: socket });
redis.on('message', (_channel, data) => channel.broadcast(data, 'message', { eventId: String(++id) }));
await redis.subscribe(name);
answering(async () => ({ url: `http://127.0.0.1:${server.address().port}/events` }));
