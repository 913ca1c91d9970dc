import { Global, Inject, Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { isHyperRunError } from '#contracts';
import { CONFIG, type Config } from '../config/config.js';
import { Door, type Visitor } from './door.js';
import { EntranceController } from './entrance.controller.js';
import { sendEntrance } from './entrance.js';
import { recordPrincipal } from './principal.decorator.js';
import { RpcTokenGuard } from './rpc.decorator.js';
import { SessionController } from './session.controller.js';
import { Sessions } from './session.js';
import { Tickets } from './tickets.js';
import { loadToken, Token } from './token.js';

/** Stands before everything: the check runs before a route is looked at or a body read, also for unknown paths. */
@Global()
@Module({
  controllers: [SessionController, EntranceController],
  providers: [
    { provide: Token, inject: [CONFIG], useFactory: loadToken },
    { provide: Sessions, inject: [Token], useFactory: (token: Token) => new Sessions(token) },
    {
      provide: Door,
      inject: [CONFIG, Token, Sessions],
      useFactory: (config: Config, token: Token, sessions: Sessions) => new Door(config, token, sessions),
    },
    Tickets,
    RpcTokenGuard,
  ],
  exports: [Token, Sessions, Door, RpcTokenGuard],
})
export class AccessModule implements OnModuleInit {
  constructor(
    @Inject(Door) private readonly door: Door,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost<FastifyAdapter>,
  ) {}

  onModuleInit(): void {
    this.host.httpAdapter.getInstance().addHook('onRequest', async (request, reply) => {
      try {
        const principal = this.door.admit(visitorOf(request));
        if (principal !== undefined) recordPrincipal(request.raw, principal);
      } catch (error) {
        if (!isHyperRunError(error, 'access.token-missing') || !wantsPage(request)) throw error;
        return sendEntrance(reply.status(401));
      }
    });
  }
}

const visitorOf = ({ method, url, headers }: FastifyRequest): Visitor => ({
  method,
  path: url.split('?', 1)[0] ?? '/',
  host: headers.host,
  origin: headers.origin,
  authorization: headers.authorization,
  cookie: headers.cookie,
  fetchSite: oneOf(headers['sec-fetch-site']),
  fetchMode: oneOf(headers['sec-fetch-mode']),
});

const oneOf = (header: string | string[] | undefined): string | undefined => [header].flat()[0];

/** A person in front of a browser, not a program. */
const wantsPage = ({ method, headers }: FastifyRequest): boolean =>
  method === 'GET' && (headers.accept?.includes('text/html') ?? false);
