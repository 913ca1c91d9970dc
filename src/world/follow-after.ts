import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import type { Position } from '#contracts';
import type { EventStore } from '#event-store';
import { isAdmitted } from '../access/principal.decorator.js';
import { FOLLOW_AFTER } from '../http/follow-after.js';
import { EVENT_STORE } from '../log/log.port.js';
import { LiveWorld } from './live-world.port.js';

/**
 * Tells with every read up to which cursor it shows the log, at least: whoever follows the stream after that misses nothing of
 * what is read. Not where a moment was asked for: that stays as it was.
 */
@Injectable()
export class FollowAfter implements NestInterceptor {
  constructor(
    @Inject(LiveWorld) private readonly live: LiveWorld,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() === 'http') this.#tell(context.switchToHttp());
    return next.handle();
  }

  #tell(http: ReturnType<ExecutionContext['switchToHttp']>): void {
    const { method, raw, query } = http.getRequest<FastifyRequest<{ Querystring: { readonly at?: string } }>>();
    if (method !== 'GET' || query.at !== undefined || !isAdmitted(raw)) return;
    void http
      .getResponse<FastifyReply>()
      .header(FOLLOW_AFTER, this.store.cursorOf(this.live.world.position as Position));
  }
}
