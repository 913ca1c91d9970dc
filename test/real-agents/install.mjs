// Coding agents of other people, installed on demand into a cache of their own: no dependency of ours.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The registry could not be reached: nothing is known about the agents (EX_TEMPFAIL). */
export const NO_REGISTRY = 75;

const OUT_OF_REACH =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT)\b/;

/** OpenCode is one program for each kind of machine: without AVX2, and with musl, others. */
const openCode = () => {
  const linux = process.platform === 'linux';
  const old = process.arch === 'x64' && linux && !/\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
  const musl = linux && readdirSync('/lib').some((name) => name.startsWith('ld-musl-'));
  return ['opencode', process.platform, process.arch, ...(old ? ['baseline'] : []), ...(musl ? ['musl'] : [])].join(
    '-',
  );
};

/** `optional`: its programs for this kind of machine are optional dependencies of it. */
export const agents = () => [
  {
    name: openCode(),
    version: '1.18.33',
    programs: { HYPER_RUN_TEST_OPENCODE: `${openCode()}/bin/opencode` },
  },
  {
    name: '@google/gemini-cli',
    version: '0.61.0',
    programs: { HYPER_RUN_TEST_GEMINI: '@google/gemini-cli/bundle/gemini.js' },
  },
  {
    name: '@agentclientprotocol/claude-agent-acp',
    version: '0.101.0',
    optional: true,
    programs: {
      HYPER_RUN_TEST_CLAUDE_ACP: '@agentclientprotocol/claude-agent-acp/dist/index.js',
      HYPER_RUN_TEST_CLAUDE: `@anthropic-ai/claude-agent-sdk-${process.platform}-${process.arch}/claude`,
    },
  },
  {
    name: '@agentclientprotocol/codex-acp',
    version: '2.6.0',
    optional: true,
    programs: {
      HYPER_RUN_TEST_CODEX_ACP: '@agentclientprotocol/codex-acp/dist/index.js',
      HYPER_RUN_TEST_CODEX: '@openai/codex/bin/codex.js',
    },
  },
];

export class RegistryOutOfReach extends Error {}

/** Where the programs of an agent are, by variable, installed if they were not. @throws RegistryOutOfReach */
export const install = async ({ name, version, programs, optional = false }, cache, say) => {
  const folder = join(cache, `${name.replaceAll('/', '+')}-${version}`);
  const missingIn = (where) => Object.values(programs).find((program) => !existsSync(join(where, 'node_modules', program))); // prettier-ignore
  const found = () => Object.fromEntries(Object.entries(programs).map(([variable, program]) => [variable, join(folder, 'node_modules', program)])); // prettier-ignore
  if (missingIn(folder) === undefined) return found();
  say(`installing ${name}@${version} into ${folder}`);
  const draft = `${folder}.${process.pid}`;
  try {
    await mkdir(draft, { recursive: true });
    await writeFile(join(draft, 'package.json'), '{ "private": true }\n');
    await npm(draft, 'install', `${name}@${version}`, ...(optional ? [] : ['--omit=optional']));
    const missing = missingIn(draft);
    if (missing !== undefined) throw new Error(`${name}@${version} has no ${missing}.`);
    // Another run may have been first: then there is one already, and this one is not needed.
    await rename(draft, folder).catch((error) => missingIn(folder) === undefined || Promise.reject(error));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return found();
};

const QUIETLY = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries=1'];

const npm = (folder, ...words) =>
  new Promise((resolve, reject) => {
    const child = spawn('npm', [...words, '--save-exact', ...QUIETLY], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-4000)));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) return resolve();
      const Kind = OUT_OF_REACH.test(said) ? RegistryOutOfReach : Error;
      reject(new Kind(`npm ${words.join(' ')} ended with code ${code}:\n${said}`));
    });
  });
