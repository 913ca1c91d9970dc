import 'reflect-metadata';
import { pathToFileURL } from 'node:url';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AgentRegistry } from '#agents';
import { HyperRunError, isHyperRunError } from '#contracts';
import { clientOptions, tagOf } from '#event-store';
import { Token } from './access/token.js';
import { loadRegistry } from './agents/load-registry.js';
import { AppModule } from './app.module.js';
import { loadConfig, type Config, type Environment } from './config/config.js';
import { rememberSecrets, secretsOf, withoutSecrets } from './config/secrets.js';
import { fastifyAdapter, prepareHttp } from './http/fastify.js';
import { IsolationLevel } from './isolation/isolation-level.port.js';
import { openLog, type OpenLog } from './log/open-log.js';
import { serveOpenApi } from './openapi.js';
import { RoleServer } from './role-server.js';
import { ServiceFile } from './service-file.js';
import { ServiceLogger } from './service-logger.js';

export interface RunningService {
  /** Where it answers; absent without the role `api`. */
  readonly url?: string;
  readonly token: string;
  readonly app: NestFastifyApplication;
  /** Ends streams, work and connections in order; safe to call twice. */
  close(): Promise<void>;
}

const logger = new Logger('HyperRun');

/**
 * Configuration → Redis → roles → listen.
 * @throws HyperRunError `config.invalid`; what `openLog` throws; `service.port-taken`
 */
export const start = async (env: Environment): Promise<RunningService> => {
  rememberSecrets(secretsOf(env));
  const config = loadConfig(env);
  const agents = await loadRegistry(config);
  const log = await openLog(config);
  try {
    const app = await build(config, log, agents);
    const file = new ServiceFile(config.dataDirectory);
    let closing: Promise<void> | undefined;
    const close = () => (closing ??= file.remove().then(() => app.close()));
    try {
      const url = config.roles.includes('api') ? await listen(app, config) : await workUnheard(app);
      if (url !== undefined) await file.write(url);
      const { level } = await app.get(IsolationLevel).measured();
      const where = url ?? `roles ${config.roles.join(', ')}`;
      logger.log(
        `HyperRun is ready: ${where} · durability ${log.connection.durability} · isolation ${level} · data ${config.dataDirectory}`,
      );
      return { ...(url === undefined ? {} : { url }), token: app.get(Token).value, app, close };
    } catch (error) {
      await close();
      throw error;
    }
  } catch (error) {
    await log.close();
    throw error;
  }
};

const build = async (config: Config, log: OpenLog, agents: AgentRegistry): Promise<NestFastifyApplication> => {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(config, log, agents),
    fastifyAdapter(config),
    {
      abortOnError: false,
      bodyParser: false,
      forceCloseConnections: true,
      logger: new ServiceLogger(),
    },
  );
  prepareHttp(app);
  serveOpenApi(app);
  if (config.roles.includes('api') || config.roles.includes('worker')) {
    const options = {
      ...clientOptions(log.connection.options, tagOf(0)),
      retryAttempts: Number.MAX_SAFE_INTEGER,
      retryDelay: 500,
    };
    app.connectMicroservice<MicroserviceOptions>({ strategy: new RoleServer(options, config.roles) });
  }
  return app;
};

/** A process without the role `api` opens no port: it follows the log, and keeps its hands off the service file. */
const workUnheard = async (app: NestFastifyApplication): Promise<undefined> => {
  await app.startAllMicroservices();
  await app.init();
};

const listen = async (app: NestFastifyApplication, { host, port }: Config): Promise<string> => {
  await app.startAllMicroservices();
  try {
    await app.listen(port, host);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    const message = `Port ${port} on ${host} is in use. Stop what uses it, or set HYPER_RUN_PORT (0 takes a free one).`;
    throw new HyperRunError('service.port-taken', message, { host, port }, 'operator', { cause: error });
  }
  const url = new URL(await app.getUrl());
  if (['[::]', '0.0.0.0'].includes(url.hostname)) url.hostname = '127.0.0.1';
  return url.origin;
};

const REDIS_TROUBLE = [
  'log.unavailable',
  'log.rewound',
  'log.partitions-fixed',
  'redis.unreliable',
  'redis.start-failed',
  'tool.missing',
];

const exitCodeOf = (error: unknown): number => {
  if (isHyperRunError(error, 'config.invalid')) return 2;
  return isHyperRunError(error) && REDIS_TROUBLE.includes(error.code) ? 3 : 1;
};

/** Runs until SIGINT or SIGTERM, also one that comes during the start; a second signal does not wait. */
export const run = (): void => {
  const starting = start(process.env);
  const stop = () => {
    process.once('SIGINT', () => process.exit(1)).once('SIGTERM', () => process.exit(1));
    starting.then((service) => service.close()).then(() => process.exit(0), fail);
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  starting.catch(fail);
};

const fail = (error: unknown): never => {
  const told = isHyperRunError(error) ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${withoutSecrets(told ?? '')}\n`);
  process.exit(exitCodeOf(error));
};

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) run();
