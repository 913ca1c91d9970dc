// The proxy of the network that this service lives in, where it has one: as `HTTPS_PROXY` and its relatives name it.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { HyperRunError } from '#contracts';
import { connectName, type Host } from './host.js';
import { PinnedHost } from './pinned-host.js';

export interface Upstream {
  readonly host: Host;
  /** Of `Proxy-Authorization`: it stays on this side. */
  readonly authorization?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const named = (env: Environment, name: string): string | undefined =>
  [env[name.toLowerCase()], env[name]].find((value) => value !== undefined && value !== '');

/** Undefined: hosts are reached directly. A proxy that is itself reached by TLS is not known here, and left out. */
export const upstreamFor = (host: Host, secure: boolean, env: Environment): Upstream | undefined => {
  const text = (secure ? named(env, 'HTTPS_PROXY') : undefined) ?? named(env, 'HTTP_PROXY');
  if (text === undefined || isExempt(host, named(env, 'NO_PROXY') ?? '')) return undefined;
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url?.protocol !== 'http:' || url.hostname === '') return undefined;
  const { username, password, hostname, port } = url;
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    host: { name: hostname, port: port === '' ? 80 : Number(port) },
    ...(username === '' ? {} : { authorization: `Basic ${Buffer.from(user).toString('base64')}` }),
  };
};

const isExempt = ({ name, port }: Host, exempt: string): boolean =>
  exempt
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      const bare = entry.toLowerCase().replace(/^\*?\./, '');
      return entry === '*' || name === bare || `${name}:${port}` === bare || name.endsWith(`.${bare}`);
    });

const LONGEST_HEAD = 16 * 1024;

/** A connection to the host, through the proxy where there is one. @throws HyperRunError network.unreachable */
export const openTunnel = async (to: PinnedHost, upstream: Upstream | undefined, withinMs: number): Promise<Socket> => {
  const next = upstream === undefined ? to : new PinnedHost(upstream.host);
  const { host } = next;
  const socket = connect({ host: connectName(host), port: host.port, lookup: await next.lookup() });
  const late = AbortSignal.timeout(withinMs);
  try {
    await once(socket, 'connect', { signal: late });
    if (upstream !== undefined) await askFor(to.host, socket, upstream, late);
    return socket;
  } catch (cause) {
    socket.destroy();
    if (cause instanceof HyperRunError) throw cause;
    throw unreachable(to.host, cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer', cause);
  }
};

const unreachable = ({ name, port }: Host, why: string, cause?: unknown) =>
  new HyperRunError('network.unreachable', `${name}:${port} cannot be reached: ${why}.`, {}, 'retry', { cause });

const askFor = async (host: Host, socket: Socket, { authorization }: Upstream, signal: AbortSignal): Promise<void> => {
  const target = `${host.name}:${host.port}`;
  const key = authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`;
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${key}\r\n`);
  let head = Buffer.alloc(0);
  for (;;) {
    const [chunk] = (await once(socket, 'data', { signal })) as [Buffer];
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0 && head.length < LONGEST_HEAD) continue;
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(head.toString('latin1'))?.[1];
    if (end < 0 || status?.startsWith('2') !== true) throw unreachable(host, `the proxy answered ${status ?? 'nothing that can be read'}`); // prettier-ignore
    socket.pause();
    if (head.length > end + 4) socket.unshift(head.subarray(end + 4));
    return;
  }
};
