// Which hosts a set-up needs: proposed in the plan, and nothing before a person has granted them.
import { parseBaseUrl, parseHost, shownHost } from '#model-proxy';
import type { VerificationCommand } from '#contracts';

interface Files {
  read(path: string): Promise<Buffer | undefined>;
}

type Addresses = Readonly<Record<string, string | undefined>>;

const MOST_HOSTS = 20;
const NPMJS = 'registry.npmjs.org';

/** Of each kind of package manager: how its commands are told, and where it looks unless the operator's settings say otherwise. */
const MANAGERS: readonly {
  readonly command: RegExp;
  readonly set: readonly string[];
  readonly usual: readonly string[];
}[] = [
  { command: /\b(?:npm|npx|pnpm|yarn)\b/, set: ['npm_config_registry'], usual: [NPMJS] },
  { command: /\byarn\b/, set: ['npm_config_registry'], usual: ['registry.yarnpkg.com'] },
  { command: /\b(?:pip3?|uv|poetry)\b/, set: ['PIP_INDEX_URL', 'PIP_EXTRA_INDEX_URL', 'UV_INDEX_URL', 'UV_DEFAULT_INDEX'], usual: ['pypi.org', 'files.pythonhosted.org'] }, // prettier-ignore
  { command: /\bgo\b/, set: ['GOPROXY'], usual: ['proxy.golang.org', 'sum.golang.org'] },
  { command: /\bcargo\b/, set: [], usual: ['index.crates.io', 'static.crates.io'] },
];
const LOCKS = ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', '.npmrc'];
const ADDRESS = /(?:"resolved": "|^ {2}resolved "|tarball: |^(?:@[\w.-]+:)?registry\s*=\s*"?)(https?:\/\/[^\s"#,}]+)/gm;

/**
 * The registries of the operator's settings for the package managers that the commands name, and what the lockfile and `.npmrc`
 * of the repository name besides. A lockfile that was made against npm's own registry is read from the operator's.
 */
export const setupHosts = async (
  commands: readonly VerificationCommand[],
  tree: Files,
  addresses: Addresses,
): Promise<string[]> => {
  const text = commands.map(({ command }) => command).join('\n');
  const managers = MANAGERS.filter(({ command }) => command.test(text));
  const own = managers.flatMap(({ set, usual }) => {
    const found = set.flatMap((name) => hostsIn(addresses[name] ?? ''));
    return found.length > 0 ? found : usual;
  });
  const isNode = MANAGERS[0]?.command.test(text) === true;
  const files = isNode ? await Promise.all(LOCKS.map((path) => tree.read(path))) : [];
  const named = files.flatMap((file) => namedIn(file?.toString('utf8') ?? ''));
  const others = own.includes(NPMJS) ? named : named.filter((host) => host !== NPMJS);
  return [...new Set([...own, ...others])].slice(0, MOST_HOSTS);
};

const namedIn = (text: string): string[] => [
  ...new Set([...text.matchAll(ADDRESS)].flatMap(([, address = '']) => hostsIn(address))),
];

/** Of addresses, separated as in `GOPROXY` or `PIP_EXTRA_INDEX_URL`; words that are none are left out. */
const hostsIn = (text: string): string[] =>
  text.split(/[\s,|]+/).flatMap((address) => {
    try {
      const { protocol, host } = new URL(address);
      return [shownHost(parseBaseUrl(`${protocol}//${host}`))];
    } catch {
      return [];
    }
  });

/** As a repository names them. @throws HyperRunError network.invalid-host */
export const namedHosts = (hosts: readonly string[]): string[] =>
  hosts.map((text) => {
    const { name, port } = parseHost(text, 0);
    return port === 0 ? name : `${name}:${port}`;
  });
