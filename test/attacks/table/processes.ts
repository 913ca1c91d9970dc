import { chmod, mkdir, readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { openTreeSpace, runInSandbox, runOnTree, SPACE_LIMITS, type RunResult, type SandboxOptions } from '#sandbox';
import { buildCandidate } from '#workspace';
import { alone, collected, denied, inService, OWN_SESSION, type Attack } from '../attack.js';
import type { Place } from '../place.js';
import { connects } from './connects.js';

const NONE_IN_MEMORY = 'An agent whose tree is in memory has no process.';
const NONE_AT_GATE = 'A candidate is data.';
const neither = { memory: NONE_IN_MEMORY, gate: NONE_AT_GATE };
const NETWORK = 'network namespace';
const HOST = "process.env.HOST_PORT, '127.0.0.1'";
const INSIDE = "8058, '127.0.0.1'";

const confined = async (place: Place, command: string, more: Partial<SandboxOptions> = {}): Promise<RunResult> => {
  const { bwrap } = place.measured;
  if (bwrap === undefined) throw new Error(place.measured.why);
  return runInSandbox({ bwrap, command, directory: await place.scratch(), timeoutMs: 30_000, ...more });
};
const said = async (place: Place, command: string, more: Partial<SandboxOptions> = {}) =>
  (await confined(place, command, more)).output.toString();

/** In a space with room for 4 MiB and 200 files. */
const inSmallSpace = async (place: Place, command: string) => {
  const { bwrap, overlay } = place.measured;
  if (bwrap === undefined) throw new Error(place.measured.why);
  const lower = await place.scratch();
  await chmod(lower, 0o777);
  const limits = { ...SPACE_LIMITS, bytes: 4 << 20, files: 200, scratchBytes: 4 << 20 };
  const space = await openTreeSpace({ bwrap, overlay, lower, directory: await place.scratch(), limits });
  try {
    return (await runOnTree({ bwrap, space }, { command, timeoutMs: 30_000 })).output.toString();
  } finally {
    await space.close();
  }
};

/** Starts so many, and ends them: well only if all of them could be started. */
const manyProcesses = (count: number) =>
  `setsid -w sh -c 'trap : TERM; (i=0; while [ $i -lt ${count} ]; do sleep 20 >/dev/null 2>&1 & i=$((i+1)); done); code=$?; kill -TERM 0; exit $code'`;

/** What a running process can do: see, reach, use up, leave behind. */
export const PROCESSES: readonly Attack[] = [
  {
    number: 45,
    attack: 'has programs load its code, by LD_PRELOAD, NODE_OPTIONS, BASH_ENV or a dotfile of the home folder',
    ...neither,
    sandbox: [
      denied('closed environment', 'test -n "$LD_PRELOAD$NODE_OPTIONS$BASH_ENV$ENV$PYTHONSTARTUP"', {
        but: 'test -n "$HOME" && test -n "$PATH"',
      }),
      denied('a home of its own', 'cat ~/.profile', { but: 'echo x > ~/.profile' }),
    ],
  },
  {
    number: 46,
    attack: 'reads secrets of the service: its environment, that of other processes, sockets of agents and of docker',
    ...neither,
    sandbox: [
      denied('closed environment', 'env | grep HYPER_RUN_ATTACK', { but: 'env | grep HOST_FOLDER' }),
      denied('process namespace', "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep '[j]est'", {
        but: "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep '[/]repository'",
      }),
      denied('process namespace', "cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep ^HYPER_RUN_ATTACK", {
        but: "cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep ^HOST_FOLDER",
      }),
      denied('hidden files', 'cat "$HOST_FOLDER/secret"', { but: 'cat docs/a.md' }),
      denied('hidden files', 'ls /var/run/docker.sock || ls -d /run/* | grep -v ^/run/hyper-run || test -n "$SSH_AUTH_SOCK"', { but: 'ls -d /run' }), // prettier-ignore
      denied('hidden files', 'cat /etc/shadow', { but: 'cat /etc/passwd' }),
    ],
  },
  {
    number: 47,
    attack: 'leaves its root by /proc: /proc/self/root, /proc/1/root, descriptors that were left open',
    ...neither,
    sandbox: [
      denied('mount namespace', 'cat "/proc/self/root$HOST_FOLDER/secret" || cat "/proc/1/root$HOST_FOLDER/secret"', {
        but: 'cat /proc/self/root/repository/docs/a.md',
      }),
      denied('closed descriptors', 'cd /proc/self/fd; for fd in [3-9]*; do case $(readlink -f "$fd") in /proc/*) ;; *) test -e "$fd" && exit 0;; esac; done; exit 1', {
        but: 'exec 5</repository/docs/a.md; cat /proc/self/fd/5',
      }), // prettier-ignore
    ],
  },
  {
    number: 48,
    attack: 'mounts, remounts, unmounts, or makes namespaces in which it may',
    ...neither,
    sandbox: [
      denied('no capabilities', 'mount -t tmpfs x /mnt || mount -t tmpfs x /tmp', {
        but: 'grep -q " /repository " /proc/mounts',
      }),
      denied('no capabilities', 'mount -o remount,rw,bind /repository; echo x > src/x48', { but: 'echo x > docs/x48' }),
      denied('no capabilities', 'umount /repository || umount /usr', { but: 'ls /repository /usr' }),
      denied('locked mounts', "unshare -Urm sh -c 'mount -o remount,rw,bind /repository && echo x > src/x48'", {
        but: "sh -c 'echo x > docs/y48'",
      }),
      denied('no capabilities', "grep CapEff /proc/self/status | sed 's/.*://' | grep '[1-9a-f]'", {
        but: 'grep CapEff /proc/self/status',
      }),
      denied('no new privileges', 'grep NoNewPrivs /proc/self/status | grep 0', {
        but: 'grep NoNewPrivs /proc/self/status',
      }),
      denied('another user', 'test "$(id -u)" = 0', { but: 'test "$(id -u)" -gt 0' }),
    ],
  },
  {
    number: 52,
    attack: 'starts processes without end',
    agent: [denied('process limit', manyProcesses(3000), { but: manyProcesses(50) })],
    ...neither,
    sandbox: [
      alone('process limit', async (place) => {
        const start = (count: number) =>
          `(i=0; while [ $i -lt ${count} ]; do sleep 20 >/dev/null 2>&1 & i=$((i+1)); done; echo all of them) 2>&1 | tail -1`;
        expect(await said(place, start(3000))).toMatch(/fork/i);
        expect(await said(place, start(50))).toBe('all of them\n');
      }),
    ],
  },
  {
    number: 53,
    attack: 'fills the disk, with bytes, with files without number, or with a file that is huge and empty',
    ...neither,
    sandbox: [
      denied('file size limit', 'truncate -s 1T docs/x53', { but: 'truncate -s 1M docs/x53' }),
      collected('truncate -s 2M docs/y53', [['docs/y53', 'tree.too-large']], {
        but: 'truncate -s 1000000 docs/y53',
        leaves: ['docs/y53'],
      }),
      alone('size of the space', async (place) => {
        const said = await inSmallSpace(
          place,
          'head -c 3000000 /dev/zero > x && echo fits; for to in x /tmp/x ~/x; do head -c 9000000 /dev/zero > $to || echo full; done 2>/dev/null; sleep 0.1',
        );
        expect(said).toMatch(/^fits\n(full\nfull\nfull\n|.*stopped: more than \d+ MiB of files)/s);
      }),
      alone('number of files', async (place) => {
        const make = (count: number) => `i=0; while [ $i -lt ${count} ] && : > f$i; do i=$((i+1)); done; [ $i = ${count} ] && echo all || exit; sleep 30`; // prettier-ignore
        expect(await inSmallSpace(place, make(400))).toMatch(/No space left|stopped: more than \d+ files/);
        expect(await inSmallSpace(place, make(100).replace('sleep 30', 'true'))).toBe('all\n');
      }),
    ],
  },
  {
    number: 54,
    attack: 'takes all memory, or runs for ever',
    agent: OWN_SESSION,
    ...neither,
    sandbox: [
      alone('memory limit', async (place) => {
        const { bwrap } = place.measured;
        const take = (megabytes: number) => `node -e "globalThis.kept = Buffer.alloc(${megabytes} << 20, 1); console.log('has it'); if (${megabytes} > 99) setInterval(() => {}, 1000)"`; // prettier-ignore
        const small = { ...(bwrap && { bwrap: { ...bwrap, memoryBytes: 150 << 20 } }) };
        expect(await said(place, take(300), small)).toMatch(/stopped: more than 150 MiB of memory/);
        expect(await said(place, take(10), small)).toBe('has it\n');
      }),
      alone('time limit', async (place) => {
        const spin = 'trap "" TERM INT HUP; echo on; while :; do :; done';
        expect(await confined(place, spin, { timeoutMs: 700 })).toMatchObject({ outcome: 'timed-out', exitCode: null });
        expect(await confined(place, 'echo on', { timeoutMs: 30_000 })).toMatchObject({
          outcome: 'exited',
          exitCode: 0,
        });
      }),
    ],
  },
  {
    number: 57,
    attack: 'leaves a process behind: setsid, nohup, a double fork, one that holds the output open',
    agent: OWN_SESSION,
    ...neither,
    sandbox: [
      alone('process namespace', async (place) => {
        const directory = await place.scratch();
        await chmod(directory, 0o777);
        const alive = join(directory, 'alive');
        const daemon = "(setsid nohup sh -c 'while :; do date +%s%N > alive; done' >/dev/null 2>&1 &)";
        const run = await confined(place, `${daemon}; until [ -s alive ]; do :; done; setsid sleep 60 & echo started`, {
          directory,
        });
        expect(run).toMatchObject({ outcome: 'exited', exitCode: 0 });
        expect(run.output.toString()).toBe('started\n');
        const last = await readFile(alive, 'utf8');
        await new Promise((resolve) => setTimeout(resolve, 100));
        expect(await readFile(alive, 'utf8')).toBe(last);
        expect(await said(place, '(sleep 0.05; echo from behind) & wait')).toBe('from behind\n');
      }),
    ],
  },
  {
    number: 58,
    attack: 'sends what it read over the network: TCP, UDP, DNS, IPv6, the address of cloud metadata',
    ...neither,
    sandbox: [
      denied(NETWORK, connects(HOST), { but: connects(INSIDE, INSIDE) }),
      denied(NETWORK, connects("80, '169.254.169.254'"), { but: connects("8059, '127.0.0.2'", "8059, '127.0.0.2'") }),
      denied(NETWORK, connects("53, '2001:4860:4860::8888'"), { but: connects("8060, '::1'", "8060, '::1'") }),
      denied(NETWORK, `node -e "require('dns').lookup('example.org', (error) => process.exit(error ? 1 : 0))"`, {
        but: `node -e "require('dns').lookup('localhost', (error) => process.exit(error ? 1 : 0))"`,
      }),
      denied(
        NETWORK,
        `node -e "const s = require('dgram').createSocket('udp4'); s.send('x', 53, '1.1.1.1', (error) => process.exit(error ? 1 : 0))"`,
        {
          but: `node -e "const s = require('dgram').createSocket('udp4'); s.send('x', 53, '127.0.0.1', (error) => process.exit(error ? 1 : 0))"`,
        },
      ),
      alone('network namespace', async (place) => {
        const command = connects(HOST);
        expect(await confined(place, command, { env: place.env })).toMatchObject({ exitCode: 1 });
        expect(await confined(place, command, { env: place.env, network: true })).toMatchObject({ exitCode: 0 });
      }),
    ],
  },
  {
    number: 61,
    attack: 'forges events: connects to the Redis of the service, by its port or by its socket',
    ...neither,
    sandbox: [
      denied('hidden files', connects('process.env.HOST_REDIS'), { but: connects("'/tmp/own.sock'", "'/tmp/own.sock'") }), // prettier-ignore
      alone('network namespace and hidden files', async (place) => {
        const socket = join(await place.scratch(), 'redis.sock');
        const server = createServer((near) => near.on('error', () => undefined).end('+PONG\r\n'));
        await new Promise<void>((resolve) => void server.listen(socket, resolve));
        await chmod(socket, 0o777);
        const ping = (from: string) => connects(`'${from}'`);
        try {
          expect(await confined(place, `${ping(socket)} || ${connects(HOST)}`, { env: place.env })).toMatchObject({
            exitCode: 1,
          });
          const readOnly = [{ host: socket, inside: '/run/granted.sock' }];
          expect(await confined(place, ping('/run/granted.sock'), { readOnly })).toMatchObject({ exitCode: 0 });
          await new Promise((resolve) => connect(socket).on('data', resolve));
        } finally {
          server.close();
        }
      }),
    ],
  },
  {
    number: 66,
    attack: 'types into the terminal of whoever started the service',
    ...neither,
    sandbox: [
      denied('a session of its own', 'test "$(cut -d " " -f 6 /proc/self/stat)" = 0', {
        but: 'test "$(cut -d " " -f 6 /proc/self/stat)" -gt 0',
      }),
      denied('a session of its own', ': < /dev/tty', { but: ': < /dev/null' }),
    ],
  },
  {
    number: 68,
    attack: 'hides what a command does: eval, fifty commands in a chain, a here-document, an encoding',
    ...neither,
    sandbox: [
      'eval "$(printf %b "\\145cho x > $1/x68")"',
      `${'true && '.repeat(60)}echo x > $1/x68`,
      'sh <<END\necho x > $1/x68\nEND',
      'echo ZWNobyB4Cg== | base64 -d | sh > $1/x68',
    ].map((command) => denied('read-only mounts', `set -- src; ${command}`, { but: `set -- docs; ${command}` })),
  },
  {
    number: 74,
    attack: 'passes for one that did its work: ends with 0 having done nothing, or never started',
    agent: OWN_SESSION,
    memory: 'As the service.',
    gate: 'As the service.',
    sandbox: [
      alone('a start that is told apart', async (place) => {
        const inside = await place.openSandbox(['docs/**']);
        try {
          await expect(inside.run(['no-such-agent'])).rejects.toMatchObject({ code: 'sandbox.could-not-start' });
          expect(await inside.run(['true'])).toMatchObject({ exitCode: 0 });
          const tree = await inside.workplace.collect();
          const built = buildCandidate({ repository: place.repository, tree, directory: await place.scratch() });
          await expect(built).rejects.toMatchObject({ code: 'candidate.empty' });
        } finally {
          await inside.close();
        }
      }),
    ],
    service: [
      inService(
        'candidates that differ',
        async (place) => {
          const [tree, directory] = [await place.tree(), join(await place.scratch(), 'objects')];
          await mkdir(directory);
          await tree.write('docs/a.md', 'one\n');
          await expect(buildCandidate({ repository: place.repository, tree, directory })).rejects.toMatchObject({ code: 'candidate.empty' }); // prettier-ignore
        },
        async (place) => {
          const tree = await place.tree();
          await tree.write('docs/a.md', 'two\n');
          const { repository } = place;
          expect((await buildCandidate({ repository, tree, directory: await place.scratch() })).files).toHaveLength(1);
        },
      ),
    ],
  },
];
