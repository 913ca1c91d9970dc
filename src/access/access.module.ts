import { Global, Inject, Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { CONFIG, type Config } from '../config/config.js';
import { Door } from './door.js';
import { recordPrincipal } from './principal.decorator.js';
import { RpcTokenGuard } from './rpc.decorator.js';
import { loadToken, Token } from './token.js';

/** Stands before everything: the check runs before a route is looked at or a body read, also for unknown paths. */
@Global()
@Module({
  providers: [
    { provide: Token, inject: [CONFIG], useFactory: loadToken },
    { provide: Door, inject: [CONFIG, Token], useFactory: (config: Config, token: Token) => new Door(config, token) },
    RpcTokenGuard,
  ],
  exports: [Token, Door, RpcTokenGuard],
})
export class AccessModule implements OnModuleInit {
  constructor(
    @Inject(Door) private readonly door: Door,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost<FastifyAdapter>,
  ) {}

  onModuleInit(): void {
    this.host.httpAdapter.getInstance().addHook('onRequest', async (request) => {
      const { host, origin, authorization } = request.headers;
      const path = request.url.split('?', 1)[0] ?? '/';
      const principal = this.door.admit({ method: request.method, path, host, origin, authorization });
      if (principal !== undefined) recordPrincipal(request.raw, principal);
    });
  }
}
