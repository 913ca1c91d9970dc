import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Mount } from './bwrap-profile.js';

const run = promisify(execFile);

/** Addresses. A value with a user name or password in it is left out. */
const ADDRESSES = [
  ...['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'],
  ...['PIP_INDEX_URL', 'PIP_EXTRA_INDEX_URL', 'PIP_TRUSTED_HOST', 'UV_INDEX_URL', 'UV_DEFAULT_INDEX'],
  ...['GOPROXY', 'GOSUMDB', 'GONOSUMDB'],
];
const NPM_SETTINGS = ['registry', 'proxy', 'https-proxy', 'noproxy', 'strict-ssl'];

/** Paths of certificates, which are then shown read-only. */
const CERTIFICATES = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'PIP_CERT', 'CARGO_HTTP_CAINFO'];

/**
 * What a set-up with network needs in order to reach the registries that this person uses: the proxy variables, the index
 * addresses of pip, uv and Go, the certificate files, and from npm's configuration registry, proxy, https-proxy, noproxy,
 * strict-ssl and cafile. Never a token, a password or an address that contains one: a private registry that asks for
 * credentials refuses, and the set-up fails.
 */
export const registryAccess = async (): Promise<{ env: Record<string, string>; mounts: Mount[] }> => {
  const npm = await npmSettings();
  const addresses = [...ADDRESSES.map((name) => [name, process.env[name]] as const), ...NPM_SETTINGS.map((name) => [npmName(name), npm.get(name)] as const)]; // prettier-ignore
  const files = [...CERTIFICATES.map((name) => [name, process.env[name]] as const), [npmName('cafile'), npm.get('cafile')] as const]; // prettier-ignore
  const env: Record<string, string> = {};
  const mounts: Mount[] = [];
  for (const [name, value] of addresses) if (value && !hasCredentials(value)) env[name] = value;
  for (const [name, value] of files) {
    const host = value ? await realpath(value).catch(() => undefined) : undefined;
    if (!value || !host) continue;
    env[name] = value;
    if (!/^\/(usr|etc\/(ssl|pki|ca-certificates))\//.test(value)) mounts.push({ host, inside: value });
  }
  return { env, mounts };
};

const npmName = (setting: string): string => `npm_config_${setting.replaceAll('-', '_')}`;

const hasCredentials = (value: string): boolean => /\/\/[^/\s]*@/.test(value);

const npmSettings = async (): Promise<ReadonlyMap<string, string>> => {
  const names = [...NPM_SETTINGS, 'cafile'];
  const { stdout } = await run('npm', ['config', 'get', ...names], { timeout: 20_000 }).catch(() => ({ stdout: '' }));
  return new Map(
    stdout.split('\n').flatMap((line): [string, string][] => {
      const at = line.indexOf('=');
      const value = line.slice(at + 1).trim();
      const absent = at < 0 || value === '' || value === 'null' || value === 'undefined';
      return absent ? [] : [[line.slice(0, at).trim(), value]];
    }),
  );
};
