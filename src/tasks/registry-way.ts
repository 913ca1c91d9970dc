import { realpath } from 'node:fs/promises';
import { RegistryProxy } from '#model-proxy';
import { registryAccess, type SetupWay } from '#sandbox';
import type { Config } from '../config/config.js';
import { freshSocket } from './fresh-socket.js';

/** Inside a sandbox, which has its loopback for itself. */
const PORT = 7422;
const PROXY = `http://127.0.0.1:${PORT}`;
/** By every name that package managers look for. What is named here wins over what the operator's own settings say. */
const PROXIED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'npm_config_proxy', 'npm_config_https_proxy', 'YARN_HTTP_PROXY', 'YARN_HTTPS_PROXY', 'CARGO_HTTP_PROXY'].map((name) => [name, PROXY])), // prettier-ignore
  ...Object.fromEntries(['no_proxy', 'NO_PROXY', 'npm_config_noproxy'].map((name) => [name, ''])),
};

/**
 * The way of one set-up to the registries that its plan grants: a loopback of the sandbox, and the settings that lead there.
 * `refused` hears of every other host that is asked for, once.
 */
export const openRegistryWay = async (
  hosts: readonly string[],
  refused: (host: string) => void,
  config: Config,
): Promise<SetupWay> => {
  const { env, mounts } = await registryAccess();
  const proxy = await RegistryProxy.listen({ hosts, refused }, await freshSocket(config, 'r'));
  return {
    loopbacks: [{ port: PORT, socket: proxy.socketPath }],
    env: { ...env, ...PROXIED },
    mounts: [...mounts, ...(await certificates())],
    close: () => proxy.close(),
  };
};

/** Whom this machine trusts: a sandbox without a network does not show it. */
const certificates = async (): Promise<SetupWay['mounts']> => {
  const folders = ['/etc/ssl/certs', '/etc/ca-certificates', '/etc/pki'];
  const real = await Promise.all(folders.map((inside) => realpath(inside).then((host) => ({ host, inside }), () => undefined))); // prettier-ignore
  return real.flatMap((mount) => mount ?? []);
};
