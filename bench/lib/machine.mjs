import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem, release, type } from 'node:os';
import { versionOfPostgres } from './postgres.mjs';

export const load = () => Math.round(loadavg()[0] * 100) / 100;

const versionOf = (program, args = ['--version']) => {
  try {
    return /\d+\.\d+(\.\d+)*/.exec(execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' }))?.[0] ?? 'unknown';
  } catch {
    return 'absent';
  }
};

export const has = (program) => versionOf(program) !== 'absent';

export const describeMachine = async () => {
  const { findTool } = await import('../../dist/libs/system-tools/src/index.js');
  const redis = await findTool('redis-server');
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  const { dependencies, optionalDependencies } = JSON.parse(manifest);
  return {
    system: `${type()} ${release()}`,
    cpu: `${cpus().length} × ${cpus()[0]?.model.trim() || 'unknown'}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    redis: redis.version,
    postgresql: await versionOfPostgres(),
    git: versionOf('git'),
    ripgrep: versionOf('rg'),
    load: load(),
    peers: { ...dependencies, ...optionalDependencies },
  };
};
