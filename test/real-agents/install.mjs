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

export const agents = () => [
  {
    variable: 'HYPER_RUN_TEST_OPENCODE',
    name: openCode(),
    version: '1.18.33',
    program: `node_modules/${openCode()}/bin/opencode`,
  },
  {
    variable: 'HYPER_RUN_TEST_GEMINI',
    name: '@google/gemini-cli',
    version: '0.61.0',
    program: 'node_modules/@google/gemini-cli/bundle/gemini.js',
  },
];

export class RegistryOutOfReach extends Error {}

/** Where the program of an agent is, installed if it was not. @throws RegistryOutOfReach */
export const install = async ({ name, version, program }, cache, say) => {
  const folder = join(cache, `${name.replaceAll('/', '+')}-${version}`);
  if (existsSync(join(folder, program))) return join(folder, program);
  say(`installing ${name}@${version} into ${folder}`);
  const draft = `${folder}.${process.pid}`;
  try {
    await mkdir(draft, { recursive: true });
    await writeFile(join(draft, 'package.json'), '{ "private": true }\n');
    await npm(draft, 'install', `${name}@${version}`);
    if (!existsSync(join(draft, program))) throw new Error(`${name}@${version} has no ${program}.`);
    // Another run may have been first: then there is one already, and this one is not needed.
    await rename(draft, folder).catch((error) => existsSync(join(folder, program)) || Promise.reject(error));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return join(folder, program);
};

const QUIETLY = [
  '--ignore-scripts',
  '--omit=optional',
  '--no-audit',
  '--no-fund',
  '--prefer-offline',
  '--fetch-retries=1',
];

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
