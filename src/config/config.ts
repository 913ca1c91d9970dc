import { availableParallelism, homedir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  Length,
  Matches,
  Max,
  Min,
  validateSync,
} from 'class-validator';
import { HyperRunError, Troubles } from '#contracts';
import { USUAL_TROUBLES } from '#domain';
import { MAX_PARTITIONS } from '#event-store';
import { durationMs } from './duration.js';
import { parseRedisUrl, type RedisUrl } from './redis-url.js';
import { parseRetention, type Retention } from './retention.js';
import { SETTINGS } from './settings.js';

export const CONFIG = Symbol('CONFIG');

export const ROLES = ['api', 'orchestrator', 'worker'] as const;
export type Role = (typeof ROLES)[number];

/** What becomes of a question that nobody answers in time. */
export const UNANSWERED = ['go-on', 'fail'] as const;
export type Unanswered = (typeof UNANSWERED)[number];

/** When the Redis of the data directory writes to its disk what it acknowledges: before it does, or every second. */
export const FSYNC = ['always', 'everysec'] as const;
export type Fsync = (typeof FSYNC)[number];

const HOST = /^[\w.:-]{1,253}$/;

/** What the environment says, validated; times in the unit that the name says, `bodyLimit` in bytes. */
export class Config {
  /** Absent: a Redis of its own in the data directory. */
  @IsOptional() @IsObject() readonly redisUrl?: RedisUrl;
  @Matches(HOST) readonly host: string;
  @IsInt() @Min(0) @Max(65_535) readonly port: number;
  @Matches(HOST, { each: true }) readonly allowedHosts: readonly string[];
  @ArrayNotEmpty() @IsIn(ROLES, { each: true }) readonly roles: readonly Role[];
  @Length(1, 4096) readonly dataDirectory: string;
  /** Absent: `agents.json` in the data directory, if it is there. */
  @IsOptional() @Length(1, 4096) readonly agentsFile?: string;
  /** Absent: plans are worded by rules. */
  @IsOptional() @Matches(/^[a-z0-9-]{1,36}$/) readonly wordedBy?: string;
  @ArrayNotEmpty() @Length(1, 4096, { each: true }) readonly repositories: readonly string[];
  @IsOptional() @Matches(/^[!-~]{16,512}$/) readonly token?: string;
  @IsOptional() @Matches(/^[\w.:-]{1,64}$/) readonly prefix?: string;
  @IsInt() @Min(1) @Max(MAX_PARTITIONS) readonly partitions: number;
  @IsInt() @Min(1) @Max(64) readonly concurrency: number;
  @IsBoolean() readonly allowUnattended: boolean;
  @IsBoolean() readonly allowUnconfined: boolean;
  @IsBoolean() readonly allowWeakRedis: boolean;
  @IsIn(FSYNC) readonly fsync: Fsync;
  /** Absent: an append is acknowledged as soon as Redis answers. */
  @IsOptional() @IsInt() @Min(0) @Max(5) readonly waitForDisk: number | undefined;
  @IsInt() @Min(64) @Max(16_777_216) readonly logMemoryMb: number;
  @IsInt() @Min(1) @Max(100) readonly logMemoryPercent: number;
  @IsOptional() @Matches(/^[a-z0-9]{1,40}\.\d{1,15}-\d{1,15}$/) readonly acceptLog: string | undefined;
  @IsInt() @Min(1) @Max(8760) readonly planTtlHours: number;
  @IsInt() @Min(1) @Max(86_400) readonly stalledSeconds: number;
  @IsInt() @Min(1) @Max(86_400) readonly remoteSeconds: number;
  @IsInt() @Min(1) @Max(3600) readonly pauseSeconds: number;
  @IsInt() @Min(1) @Max(2_592_000) readonly answerSeconds: number;
  @IsIn(UNANSWERED) readonly unanswered: Unanswered;
  @IsInt() @Min(1) @Max(3600) readonly leaseSeconds: number;
  @IsInt() @Min(1) @Max(7200) readonly verifySeconds: number;
  @IsOptional() @IsInt() @Min(128) @Max(16_777_216) readonly memoryMb: number | undefined;
  @IsInt() @Min(1) @Max(10) readonly attempts: number;
  @IsObject() readonly troubles: Troubles;
  /** Kinds of agents that may take a task over, in this order. */
  @ArrayMaxSize(20) @Matches(/^[a-z0-9-]{1,36}$/, { each: true }) readonly fallbacks: readonly string[];
  /** 0: no circuit is opened. */
  @IsInt() @Min(0) @Max(20) readonly circuitFailures: number;
  @IsInt() @Min(1) @Max(86_400) readonly circuitWindowSeconds: number;
  @IsInt() @Min(1) @Max(86_400) readonly circuitOpenSeconds: number;
  /** Milliseconds after its end; absent: finished sprints are archived when somebody asks for it. */
  @IsOptional() @IsInt() @Min(0) readonly archiveAfter: number | undefined;
  /** What is kept only so long; `{}`: everything is kept for ever. */
  @IsObject() readonly retain: Retention;
  @IsInt() @Min(1000) @Max(10_000_000) readonly feedLength: number;
  @IsInt() @Min(1) @Max(100_000) readonly sseClients: number;
  @IsInt() @Min(1024) @Max(67_108_864) readonly bodyLimit: number;

  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
    this.redisUrl = redisUrl(env['REDIS_URL']);
    this.host = env['HYPER_RUN_HOST'] ?? '127.0.0.1';
    this.port = whole(env['HYPER_RUN_PORT'], 7420);
    this.allowedHosts = list(env['HYPER_RUN_ALLOWED_HOSTS'], ',', []);
    this.roles = list(env['HYPER_RUN_ROLES'], ',', ROLES) as readonly Role[];
    this.dataDirectory = resolve(env['HYPER_RUN_DATA_DIR'] ?? defaultDataDirectory(env));
    this.agentsFile = env['HYPER_RUN_AGENTS'] && resolve(env['HYPER_RUN_AGENTS']);
    this.wordedBy = env['HYPER_RUN_WORDED_BY'];
    this.repositories = list(env['HYPER_RUN_REPOSITORIES'], ':', ['.']).map((path) => resolve(path));
    this.token = env['HYPER_RUN_TOKEN'];
    this.prefix = env['HYPER_RUN_PREFIX'];
    this.partitions = whole(env['HYPER_RUN_PARTITIONS'], 1);
    this.concurrency = whole(env['HYPER_RUN_CONCURRENCY'], Math.min(4, availableParallelism()));
    this.allowUnattended = yes(env['HYPER_RUN_ALLOW_UNATTENDED']);
    this.allowUnconfined = yes(env['HYPER_RUN_ALLOW_UNCONFINED']);
    this.allowWeakRedis = yes(env['HYPER_RUN_ALLOW_WEAK_REDIS']);
    this.fsync = (env['HYPER_RUN_FSYNC'] ?? 'always') as Fsync;
    this.waitForDisk =
      env['HYPER_RUN_WAIT_FOR_DISK'] === undefined ? undefined : whole(env['HYPER_RUN_WAIT_FOR_DISK'], 0);
    this.logMemoryMb = whole(env['HYPER_RUN_LOG_MEMORY_MB'], Math.max(512, Math.floor(totalmem() / 2 ** 20 / 4)));
    this.logMemoryPercent = whole(env['HYPER_RUN_LOG_MEMORY_PERCENT'], 80);
    this.acceptLog = env['HYPER_RUN_ACCEPT_LOG'];
    this.planTtlHours = whole(env['HYPER_RUN_PLAN_TTL_HOURS'], 24);
    this.stalledSeconds = whole(env['HYPER_RUN_STALLED_SECONDS'], 300);
    this.remoteSeconds = whole(env['HYPER_RUN_REMOTE_SECONDS'], 60);
    this.pauseSeconds = whole(env['HYPER_RUN_PAUSE_SECONDS'], 10);
    this.answerSeconds = whole(env['HYPER_RUN_ANSWER_SECONDS'], 86_400);
    this.unanswered = (env['HYPER_RUN_UNANSWERED'] ?? 'go-on') as Unanswered;
    this.leaseSeconds = whole(env['HYPER_RUN_LEASE_SECONDS'], 15);
    this.verifySeconds = whole(env['HYPER_RUN_VERIFY_SECONDS'], 600);
    this.memoryMb = env['HYPER_RUN_MEMORY_MB'] === undefined ? undefined : whole(env['HYPER_RUN_MEMORY_MB'], 0);
    this.attempts = whole(env['HYPER_RUN_ATTEMPTS'], 3);
    this.troubles = troublesOf(env['HYPER_RUN_TROUBLES']);
    this.fallbacks = list(env['HYPER_RUN_FALLBACKS'], ',', []);
    this.circuitFailures = whole(env['HYPER_RUN_CIRCUIT_FAILURES'], 3);
    this.circuitWindowSeconds = whole(env['HYPER_RUN_CIRCUIT_WINDOW_SECONDS'], 300);
    this.circuitOpenSeconds = whole(env['HYPER_RUN_CIRCUIT_OPEN_SECONDS'], 60);
    this.archiveAfter = durationMs(env['HYPER_RUN_ARCHIVE_AFTER'] ?? '7d');
    this.retain = retention(env['HYPER_RUN_RETAIN']);
    this.feedLength = whole(env['HYPER_RUN_FEED_LENGTH'], 100_000);
    this.sseClients = whole(env['HYPER_RUN_SSE_CLIENTS'], 2000);
    this.bodyLimit = whole(env['HYPER_RUN_BODY_LIMIT'], 1_048_576);
  }

  /** A variable that an operator's own configuration names, such as one that holds a key. */
  variable(name: string): string | undefined {
    return this.#env[name];
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The configuration that an environment describes. An empty variable counts as not set.
 * @throws HyperRunError `config.invalid`: every wrong variable with what was expected and found, secrets left out.
 */
export const loadConfig = (env: Environment): Config => {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const config = new Config(given);
  const wrong = validateSync(config).map(({ property }) => property);
  const sentences = SETTINGS.filter((setting) => wrong.includes(setting.property)).map(
    ({ variable, expected }) => `${variable}: expected ${expected}, found ${shown(variable, given[variable])}.`,
  );
  if (sentences.length > 0) throw new HyperRunError('config.invalid', sentences.join('\n'), {}, 'operator');
  return config;
};

const SECRETS: readonly string[] = ['HYPER_RUN_TOKEN', 'REDIS_URL'];

const shown = (variable: string, value: string | undefined) =>
  SECRETS.includes(variable) ? 'something else' : JSON.stringify(value);

const whole = (value: string | undefined, fallback: number) =>
  value === undefined ? fallback : /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;

/** `crashed=retry,looping=give-up`; what is neither stays what it is, for the validation to name it. */
const troublesOf = (value: string | undefined): Troubles => {
  const wanted = (value === undefined ? [] : value.split(',')).map((part) => part.trim().split('='));
  const known = Troubles.partial().strict().safeParse(Object.fromEntries(wanted));
  return known.success ? { ...USUAL_TROUBLES, ...known.data } : (value as unknown as Troubles);
};

const list = (value: string | undefined, separator: string, fallback: readonly string[]): readonly string[] =>
  value === undefined ? fallback : value.split(separator).map((part) => part.trim());

/** What has none of the forms stays what it is, for the validation to name it. */
const redisUrl = (value: string | undefined): RedisUrl | undefined =>
  value === undefined ? undefined : (parseRedisUrl(value) ?? (value as unknown as RedisUrl));

/** What makes no sense stays what it is, for the validation to name it. */
const retention = (value: string | undefined): Retention =>
  value === undefined ? {} : (parseRetention(value) ?? (value as unknown as Retention));

/** What is neither yes nor no stays what it is, for the validation to name it. */
const yes = (value: string | undefined): boolean => {
  if (value === undefined || value === 'false') return false;
  return value === 'true' ? true : (value as unknown as boolean);
};

const defaultDataDirectory = (env: Environment) =>
  join(env['XDG_DATA_HOME'] ?? join(env['HOME'] ?? homedir(), '.local', 'share'), 'hyper-run');
