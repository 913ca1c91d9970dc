import { describe, expect, it } from '@jest/globals';
import { namedHosts, setupHosts } from './setup-hosts.js';

const hosts = (commands: readonly string[], files: Readonly<Record<string, string>> = {}, addresses = {}) =>
  setupHosts(
    commands.map((command) => ({ name: command, command, origin: 'a test' })),
    { read: async (path) => (files[path] === undefined ? undefined : Buffer.from(files[path])) },
    addresses,
  );
const lock = (...addresses: readonly string[]) =>
  JSON.stringify({ packages: Object.fromEntries(addresses.map((resolved, n) => [`node_modules/${n}`, { resolved }])) }, null, 2); // prettier-ignore

describe('the hosts that a set-up needs', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['npm', ['npm ci --ignore-scripts'], ['registry.npmjs.org']],
    ['yarn', ['yarn install --frozen-lockfile'], ['registry.npmjs.org', 'registry.yarnpkg.com']],
    ['pip', ['python3 -m venv .venv && .venv/bin/pip install -r requirements.txt'], ['pypi.org', 'files.pythonhosted.org']], // prettier-ignore
    ['Go', ['go mod download'], ['proxy.golang.org', 'sum.golang.org']],
    ['Cargo', ['cargo fetch'], ['index.crates.io', 'static.crates.io']],
    ['several', ['npm ci', 'pip install x'], ['registry.npmjs.org', 'pypi.org', 'files.pythonhosted.org']],
    ['what is not known', ['make dependencies'], []],
  ])('are those of %s', async (_, commands, expected) => expect(await hosts(commands)).toEqual(expected));

  it('are the operator’s own where there are some, also for what was locked at npm’s', async () => {
    const files = { 'package-lock.json': lock('https://registry.npmjs.org/a/-/a-1.0.0.tgz') };
    const own = { npm_config_registry: 'http://127.0.0.1:4873/npm/', GOPROXY: 'https://go.example,direct' };
    expect(await hosts(['npm ci'], files, own)).toEqual(['127.0.0.1:4873']);
    expect(await hosts(['go mod download'], {}, own)).toEqual(['go.example']);
  });

  it('are those that the lockfile and .npmrc name besides', async () => {
    const files = {
      'package-lock.json': lock('https://registry.npmjs.org/a/-/a-1.0.0.tgz', 'https://npm.corp.example:8443/b.tgz'),
      '.npmrc': '@corp:registry=https://scope.example/npm/\n//scope.example/:_authToken=${TOKEN}\n',
    };
    expect(await hosts(['npm ci'], files)).toEqual(['registry.npmjs.org', 'npm.corp.example:8443', 'scope.example']);
    const yarn = { 'yarn.lock': 'a@1:\n  resolved "https://yarn.example/a.tgz#abc"\n' };
    expect(await hosts(['yarn install'], yarn)).toContain('yarn.example');
  });

  it('are what a repository names itself, in one form', () => {
    expect(namedHosts(['Registry.Example', 'b.example:8080'])).toEqual(['registry.example', 'b.example:8080']);
    expect(() => namedHosts(['https://a.example/x'])).toThrow(/Expected a host/);
  });
});
