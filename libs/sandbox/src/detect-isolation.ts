import { randomBytes } from 'node:crypto';
import { access, mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { createServer, connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Isolation } from '#contracts';
import type { Bubblewrap, Program, SandboxFeatures } from './bubblewrap.js';
import { detectOverlay } from './detect-overlay.js';
import { messageOf } from './failure.js';
import type { OverlayFeatures } from './overlay-space.js';
import { runInSandbox } from './run-in-sandbox.js';
import { sanitiseOutput } from './sanitise.js';

export interface IsolationReport {
  readonly level: Isolation;
  /** In a sentence: what was tried, and what it showed. */
  readonly why: string;
  /** There unless the level is `none`: what `runInSandbox` takes. */
  readonly bwrap?: Bubblewrap;
  /** There when the level is `overlay+bwrap`: what `openTreeSpace` takes. */
  readonly overlay?: OverlayFeatures;
}

const TIMEOUT_MS = 20_000;

/**
 * How well commands can be confined on this machine, by doing it: a command in the sandbox tries to write outside, to
 * reach a listener on the host's loopback (which the host does reach), and to see the host's processes; and it must be
 * able to write inside. The strongest profile that passes is used. Then the same for an overlay over a tree. Takes about a
 * quarter of a second.
 */
export const detectIsolation = async (options: {
  readonly bwrap?: Program | undefined;
  /** That a command may use. Default: `defaultMemory()`. */
  readonly memoryBytes?: number;
}): Promise<IsolationReport> => {
  if (process.platform !== 'linux') return { level: 'none', why: `There is no bubblewrap on ${process.platform}.` };
  if (!options.bwrap) return { level: 'none', why: 'bubblewrap was not found.' };
  const failures: string[] = [];
  for (const features of candidates(process.getuid?.() === 0)) {
    const bwrap = { path: options.bwrap.path, env: options.bwrap.env, features, memoryBytes: options.memoryBytes };
    const failure = await selfTest(bwrap).catch(messageOf);
    if (failure === undefined) return withOverlay(bwrap);
    failures.push(`${describe(features)}: ${failure}`);
  }
  return {
    level: 'none',
    why: `bubblewrap does not confine here. ${[...new Set(failures)].join('; ')}.${hint(failures)}`,
  };
};

const withOverlay = async (bwrap: Bubblewrap): Promise<IsolationReport> => {
  const { overlay, why } = await detectOverlay(bwrap);
  const told = `bubblewrap passed its self test (${describe(bwrap.features)}); ${why}.`;
  return overlay === undefined
    ? { level: 'bwrap', why: told, bwrap }
    : { level: 'overlay+bwrap', why: told, bwrap, overlay };
};

const candidates = (root: boolean): SandboxFeatures[] => [
  ...(root ? [{ user: 'another', noNestedNamespaces: false, limits: true } as const] : []),
  { user: 'namespace', noNestedNamespaces: true, limits: true },
  { user: 'namespace', noNestedNamespaces: false, limits: true },
  { user: 'namespace', noNestedNamespaces: false, limits: false },
];

const describe = ({ user, noNestedNamespaces, limits }: SandboxFeatures): string =>
  [
    user === 'another' ? 'under a user id of its own' : 'in a user namespace',
    ...(noNestedNamespaces ? ['no nested namespaces'] : []),
    limits ? 'limits on memory, processes and files' : 'no limits on memory and processes',
  ].join(', ');

const hint = (failures: readonly string[]): string =>
  failures.some((failure) => /uid map|user namespace|Operation not permitted|Permission denied/i.test(failure))
    ? ' User namespaces seem to be forbidden: see kernel.unprivileged_userns_clone, user.max_user_namespaces, the seccomp' +
      ' profile of the container, and on Ubuntu 24.04 kernel.apparmor_restrict_unprivileged_userns.'
    : '';

/** Why the sandbox is none, or `undefined`. */
const selfTest = async (bwrap: Bubblewrap): Promise<string | undefined> => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'hyper-run-self-test-')));
  const directory = await mkdtemp(join(folder, 'inside-'));
  const outside = join(folder, `outside-${randomBytes(4).toString('hex')}`);
  const server = await listen();
  try {
    const port = portOf(server);
    if (!(await connects(port))) return 'the positive control failed: the host cannot reach its own listener';
    const command = `node -e "$SELF_TEST" ${port} '${outside}' ${process.pid}`;
    const result = await runInSandbox({ bwrap, command, directory, timeoutMs: TIMEOUT_MS, env: { SELF_TEST } });
    if (result.outcome !== 'exited' || result.exitCode !== 0)
      return `${result.outcome}: ${sanitiseOutput(result.output).trim().slice(0, 400) || `exit ${result.exitCode}`}`;
    if (await exists(outside)) return 'a file was written outside';
    return await checkInside(join(directory, 'written'), bwrap.features);
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
};

const checkInside = async (file: string, features: SandboxFeatures): Promise<string | undefined> => {
  if (!(await exists(file))) return 'nothing could be written inside';
  const { uid } = await stat(file);
  return features.user === 'another' && uid === 0 ? 'the command kept the user id of root' : undefined;
};

/** In the sandbox. Every line that it prints is a way out. */
const SELF_TEST = `
const fs = require('fs'), net = require('net');
const [port, outside, pid] = process.argv.slice(1);
const bad = [];
const denied = (what, attempt) => { try { attempt(); bad.push(what); } catch {} };
denied('wrote outside', () => fs.writeFileSync(outside, 'x'));
denied('wrote into /usr', () => fs.writeFileSync('/usr/hyper-run-self-test', 'x'));
denied('wrote into /', () => fs.writeFileSync('/hyper-run-self-test', 'x'));
denied('saw the process of the host', () => { if (!fs.readFileSync('/proc/' + pid + '/cmdline', 'utf8')) throw 0; });
const capabilities = /CapEff:\\s+(\\w+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1];
if (BigInt('0x' + capabilities) !== 0n) bad.push('kept capabilities ' + capabilities);
fs.writeFileSync('written', 'x');
fs.writeFileSync('/tmp/written', 'x');
const end = () => { if (bad.length) { console.log(bad.join(', ')); process.exit(1); } process.exit(0); };
net.connect(Number(port), '127.0.0.1').on('connect', () => { bad.push('reached the network of the host'); end(); }).on('error', end);
`;

const listen = (): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject).listen(0, '127.0.0.1', () => resolve(server));
  });

const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
};

const connects = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

const exists = (path: string): Promise<boolean> => access(path).then(() => true, () => false); // prettier-ignore
