// What one writes with Nest: a Subject fed from the channel, and `@Sse` on it. As the product: Fastify.
import 'reflect-metadata';
import { Controller, Module, Sse } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Redis } from 'ioredis';
import { Subject } from 'rxjs';
import { answering } from './worker.mjs';

const [, , socket, channel] = process.argv;
const messages = new Subject();
let id = 0;

class EventsController {
  events() {
    return messages;
  }
}
Sse()(EventsController.prototype, 'events', Object.getOwnPropertyDescriptor(EventsController.prototype, 'events'));
Controller('events')(EventsController);
class AppModule {}
Module({ controllers: [EventsController] })(AppModule);

const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false });
await app.listen(0, '127.0.0.1');
const redis = new Redis({ path: socket });
redis.on('message', (_channel, data) => messages.next({ data, id: String(++id) }));
await redis.subscribe(channel);
const { port } = app.getHttpServer().address();
answering(async () => ({ url: `http://127.0.0.1:${port}/events` }));
