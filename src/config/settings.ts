// Every environment variable that the service reads. docs/configuration.md is held to this table by a test.

export interface Setting {
  readonly variable: string;
  /** Property of `Config`. */
  readonly property: string;
  /** As a person reads it in the documentation. */
  readonly fallback: string;
  /** Completes "expected …". */
  readonly expected: string;
  readonly meaning: string;
}

const yesOrNo = 'true or false';
const setting = (variable: string, property: string, fallback: string, expected: string, meaning: string): Setting => ({
  variable,
  property,
  fallback,
  expected,
  meaning,
});

export const SETTINGS: readonly Setting[] = [
  setting(
    'REDIS_URL',
    'redisUrl',
    'a Redis of its own in the data directory',
    'redis://, rediss:// or unix:// and where it is; redis+cluster:// or redis+sentinel:// and hosts',
    'The Redis that holds the log. Must have an append-only file and `noeviction`. See [below](#redis).',
  ),
  setting('HYPER_RUN_HOST', 'host', '127.0.0.1', 'a host name or an address', 'Where the service listens.'),
  setting('HYPER_RUN_PORT', 'port', '7420', 'a whole number from 0 to 65535', 'Port; 0 takes a free one.'),
  setting(
    'HYPER_RUN_ALLOWED_HOSTS',
    'allowedHosts',
    'none',
    'host names, separated by commas',
    'Names besides the loopback ones and `HYPER_RUN_HOST` under which the service may be addressed.',
  ),
  setting(
    'HYPER_RUN_ROLES',
    'roles',
    'api,orchestrator,worker',
    'some of api, orchestrator, worker, separated by commas',
    'What this process does.',
  ),
  setting(
    'HYPER_RUN_DATA_DIR',
    'dataDirectory',
    '`$XDG_DATA_HOME/hyper-run`, else `~/.local/share/hyper-run`',
    'a folder',
    'Token, artefacts, caches and the Redis of its own. Shared by all processes of one service.',
  ),
  setting(
    'HYPER_RUN_REPOSITORIES',
    'repositories',
    'the current directory',
    'absolute or relative folders, separated by colons',
    'Folders within which repositories may be worked on.',
  ),
  setting(
    'HYPER_RUN_AGENTS',
    'agentsFile',
    '`<data directory>/agents.json`, if it is there',
    'a file',
    'Agents from outside: coding agents, command lines, models. See [agents.md](agents.md).',
  ),
  setting(
    'HYPER_RUN_WORDED_BY',
    'wordedBy',
    'none',
    'the name of an agent of type llm',
    'Its model chooses, orders and words the tasks of a plan, and adds nothing to them. See [agents.md](agents.md).',
  ),
  setting(
    'HYPER_RUN_TOKEN',
    'token',
    '`<data directory>/token`, made at the first start',
    '16 to 512 printable characters without spaces',
    'The bearer token that every caller shows.',
  ),
  setting(
    'HYPER_RUN_PREFIX',
    'prefix',
    'none',
    '1 to 64 letters, digits and `.:_-`',
    'Replaces `hyper:` before all keys of the log, and stands before the channel and the agents’ status keys.',
  ),
  setting(
    'HYPER_RUN_PARTITIONS',
    'partitions',
    '1',
    'a whole number from 1 to 64',
    'Over how many partitions of the log the repositories are spread. Kept from its birth. See [below](#partitions).',
  ),
  setting(
    'HYPER_RUN_CONCURRENCY',
    'concurrency',
    'number of cores, at most 4',
    'a whole number from 1 to 64',
    'Tasks that this process works on at once.',
  ),
  setting(
    'HYPER_RUN_ALLOW_UNATTENDED',
    'allowUnattended',
    'false',
    yesOrNo,
    'A plan may be approved without a person having read it.',
  ),
  setting(
    'HYPER_RUN_ALLOW_UNCONFINED',
    'allowUnconfined',
    'false',
    yesOrNo,
    'Verification commands may run without bubblewrap where it does not work.',
  ),
  setting(
    'HYPER_RUN_ALLOW_WEAK_REDIS',
    'allowWeakRedis',
    'false',
    yesOrNo,
    'Start on a Redis that may forget: evicting, a replica, or without append-only file.',
  ),
  setting(
    'HYPER_RUN_FSYNC',
    'fsync',
    'always',
    'always or everysec',
    'When the Redis of the data directory has on disk what it acknowledged: before it does, or every second. Heard by the start that starts it. See [durability.md](durability.md).',
  ),
  setting(
    'HYPER_RUN_WAIT_FOR_DISK',
    'waitForDisk',
    'none',
    'a whole number from 0 to 5',
    'An event counts as recorded only when Redis has it on disk, and so many replicas too (`WAITAOF`, Redis 7.2 or later). See [durability.md](durability.md).',
  ),
  setting(
    'HYPER_RUN_LOG_MEMORY_MB',
    'logMemoryMb',
    'a quarter of the machine’s, at least 512',
    'a whole number from 64 to 16777216',
    'Memory in MiB that the Redis of the data directory may use. Heard by the start that starts it.',
  ),
  setting(
    'HYPER_RUN_LOG_MEMORY_PERCENT',
    'logMemoryPercent',
    '80',
    'a whole number from 1 to 100',
    'From so much of the memory of Redis on, no new plan is made and none approved. What runs goes on, and decisions are always recorded.',
  ),
  setting(
    'HYPER_RUN_ACCEPT_LOG',
    'acceptLog',
    'none',
    'the word that the error names',
    'The operator’s word for one loss: a log that lost acknowledged events goes on from where it is, in a new life.',
  ),
  setting('HYPER_RUN_PLAN_TTL_HOURS', 'planTtlHours', '24', 'a whole number from 1 to 8760', 'A plan expires after.'),
  setting(
    'HYPER_RUN_STALLED_SECONDS',
    'stalledSeconds',
    '300',
    'a whole number from 1 to 86400',
    'A working agent without progress for so long is stalled.',
  ),
  setting(
    'HYPER_RUN_PAUSE_SECONDS',
    'pauseSeconds',
    '10',
    'a whole number from 1 to 3600',
    'A sprint that is to pause is paused after so long at the latest; what runs may finish its step until then.',
  ),
  setting(
    'HYPER_RUN_ANSWER_SECONDS',
    'answerSeconds',
    '86400',
    'a whole number from 1 to 2592000',
    'A task waits so long for an answer or a grant. Neither pauses nor the time in which no service ran count.',
  ),
  setting(
    'HYPER_RUN_UNANSWERED',
    'unanswered',
    'go-on',
    'go-on or fail',
    'What a question leads to that nobody has answered by then: the agent decides for itself, or the task fails. A budget that nobody has raised fails the task.',
  ),
  setting(
    'HYPER_RUN_LEASE_SECONDS',
    'leaseSeconds',
    '15',
    'a whole number from 1 to 3600',
    'A worker that has not been heard of for so long has lost its task.',
  ),
  setting(
    'HYPER_RUN_VERIFY_SECONDS',
    'verifySeconds',
    '600',
    'a whole number from 1 to 7200',
    'Time for all verification commands of a candidate together.',
  ),
  setting(
    'HYPER_RUN_MEMORY_MB',
    'memoryMb',
    'half of the machine’s, at least 1024',
    'a whole number from 128 to 16777216',
    'Memory in MiB that a command or agent in the sandbox may use, with all the processes that it starts.',
  ),
  setting('HYPER_RUN_ATTEMPTS', 'attempts', '3', 'a whole number from 1 to 10', 'Attempts at a task.'),
  setting(
    'HYPER_RUN_TROUBLES',
    'troubles',
    'crashed=give-up,no-change=give-up,stalled=ask,looping=ask',
    'such pairs, separated by commas',
    'What becomes of a task whose agent crashed, changed nothing (`no-change`), stands still (`stalled`) or goes in circles (`looping`): `retry`, `give-up` or `ask`. See [agents.md](agents.md).',
  ),
  setting(
    'HYPER_RUN_CIRCUIT_FAILURES',
    'circuitFailures',
    '3',
    'a whole number from 0 to 20',
    'An agent that failed so often gets no work for a while, then one task to try; 0: never. See [agents.md](agents.md).',
  ),
  setting(
    'HYPER_RUN_CIRCUIT_WINDOW_SECONDS',
    'circuitWindowSeconds',
    '300',
    'a whole number from 1 to 86400',
    'Failures of an agent that are older do not count.',
  ),
  setting(
    'HYPER_RUN_CIRCUIT_OPEN_SECONDS',
    'circuitOpenSeconds',
    '60',
    'a whole number from 1 to 86400',
    'So long it gets no work.',
  ),
  setting(
    'HYPER_RUN_ARCHIVE_AFTER',
    'archiveAfter',
    '7d',
    'a number of seconds, minutes, hours or days such as 90s, 30m, 12h or 7d, or never',
    'A finished sprint is archived so long after its end: the events of its tasks go from Redis into a sealed file. See [audit.md](audit.md).',
  ),
  setting(
    'HYPER_RUN_RETAIN',
    'retain',
    'everything for ever',
    'times for outputs, patches and archives such as outputs=30d,patches=90d,archives=365d',
    'What is let go of so long after the end of an archived sprint. See [audit.md](audit.md).',
  ),
  setting(
    'HYPER_RUN_FEED_LENGTH',
    'feedLength',
    '100000',
    'a whole number from 1000 to 10000000',
    'Newest events that stay in the feed. Older ones are read from the log.',
  ),
  setting(
    'HYPER_RUN_SSE_CLIENTS',
    'sseClients',
    '2000',
    'a whole number from 1 to 100000',
    'Clients that may follow the stream at once; further ones are refused.',
  ),
  setting(
    'HYPER_RUN_BODY_LIMIT',
    'bodyLimit',
    '1048576',
    'a whole number from 1024 to 67108864',
    'Largest body of a request in bytes.',
  ),
];
