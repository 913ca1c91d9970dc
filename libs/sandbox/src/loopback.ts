import { join } from 'node:path';
import type { Mount } from './bwrap-profile.js';

/** A port on the loopback of a sandbox, behind which a Unix socket of the host answers: the only way out. */
export interface Loopback {
  readonly port: number;
  /** On the host. Whoever runs in the sandbox must be allowed to connect: mode 0666 in a private folder. */
  readonly socket: string;
}

const SOCKETS = '/run/hyper-run';

/** Shown read-only, which for a socket only means that it cannot be removed. */
export const loopbackMounts = (loopbacks: readonly Loopback[]): Mount[] =>
  loopbacks.map(({ port, socket }) => ({ host: socket, inside: join(SOCKETS, String(port)) }));

/** The program behind a forwarder, which listens before the program starts and ends with it. */
export const behindLoopbacks = (program: readonly string[], loopbacks: readonly Loopback[]): readonly string[] =>
  loopbacks.length === 0
    ? program
    : ['node', '-e', FORWARDER, ...loopbacks.map(({ port }) => `${port}=${SOCKETS}/${port}`), '--', ...program];

/** Runs in the sandbox, whatever Node is there. */
const FORWARDER = `
const net = require('net'), { spawn } = require('child_process'), { constants } = require('os');
const end = process.argv.indexOf('--');
const routes = process.argv.slice(1, end).map((route) => route.split('='));
const [file, ...args] = process.argv.slice(end + 1);
const fail = (error) => { console.error(error.message); process.exit(127); };
const begin = () => spawn(file, args, { stdio: 'inherit' })
  .on('error', fail)
  .on('exit', (code, signal) => process.exit(code === null ? 128 + constants.signals[signal] : code));
const forward = (path) => (near) => {
  const far = net.connect({ path, allowHalfOpen: true });
  near.pipe(far).pipe(near);
  near.on('error', () => far.destroy());
  far.on('error', () => near.destroy());
};
let waiting = routes.length;
for (const [port, path] of routes)
  net.createServer({ allowHalfOpen: true }, forward(path)).on('error', fail)
    .listen(Number(port), '127.0.0.1', () => (waiting -= 1) || begin());
`;
