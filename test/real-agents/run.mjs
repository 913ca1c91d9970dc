// `npm run test:agents`: real coding agents against the real service, without a network.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../../dist/libs/system-tools/src/index.js';
import { agents, install, NO_REGISTRY, RegistryOutOfReach } from './install.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const say = (text) => process.stderr.write(`${text}\n`);

/** Programs are shown in the sandbox to a user of its own. */
process.umask(0o022);

const programs = {};
try {
  for (const agent of agents())
    Object.assign(programs, await install(agent, join(cacheDirectory(), 'real-agents'), say));
} catch (error) {
  say(error.message);
  if (!(error instanceof RegistryOutOfReach)) process.exit(1);
  say('SKIPPED: the package registry is out of reach, so that no real agent could be installed. Nothing was tested.');
  process.exit(NO_REGISTRY);
}

const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
const words = ['--experimental-vm-modules', jest, '--config', join(ROOT, 'jest.agents.config.js'), '--runInBand'];
const child = spawn(process.execPath, [...words, ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, ...programs },
});
child.once('exit', (code) => process.exit(code ?? 1));
