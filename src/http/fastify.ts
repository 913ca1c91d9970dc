import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { HyperRunError } from '#contracts';
import type { Config } from '../config/config.js';
import { problemJson, problemOf } from './problem.js';

const SECURITY_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), serial=(), usb=()',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
};

const RECEIVE_MS = 30_000;

/** Limits: body as configured, headers 16 KiB, 30 s for a request to arrive, 256 characters for a path parameter. */
export const fastifyAdapter = (config: Config): FastifyAdapter =>
  new FastifyAdapter({
    bodyLimit: config.bodyLimit,
    requestTimeout: RECEIVE_MS,
    keepAliveTimeout: 65_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 256 },
    http: { maxHeaderSize: 16_384, headersTimeout: RECEIVE_MS },
    frameworkErrors: (error: FastifyError, _request: FastifyRequest, reply: FastifyReply) => {
      const problem = problemOf(error);
      void reply
        .headers(SECURITY_HEADERS)
        .status(problem.status)
        .type('application/problem+json')
        .send(Buffer.from(problemJson(problem)));
    },
  });

/** To be called before the application is initialised: headers for all answers, JSON as the only body, 405 told from 404. */
export const prepareHttp = (app: NestFastifyApplication): void => {
  const fastify = app.getHttpAdapter().getInstance();
  const routes: { method: string; path: RegExp }[] = [];
  fastify.removeContentTypeParser('text/plain');
  fastify.addHook('onRoute', (route) => {
    const path = new RegExp(`^${route.url.split('/').map(segmentPattern).join('/')}/?$`);
    for (const method of [route.method].flat()) routes.push({ method, path });
  });
  fastify.addHook('onRequest', async (_request, reply) => {
    void reply.headers(SECURITY_HEADERS);
  });
  fastify.addHook('preHandler', async (request, reply) => {
    if (!request.is404) return;
    const path = request.url.split('?', 1)[0] ?? '/';
    const allowed = routes.filter((route) => route.path.test(path)).map(({ method }) => method);
    if (allowed.length === 0) return;
    const list = [...new Set(allowed)].join(', ');
    void reply.header('Allow', list);
    throw new HyperRunError('request.method-not-allowed', `${request.method} is not possible here. Use ${list}.`);
  });
};

const segmentPattern = (segment: string) =>
  segment.startsWith(':') ? '[^/]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
