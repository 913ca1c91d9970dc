import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SYSTEM_TOOLS = new URL('../../dist/libs/system-tools/src/index.js', import.meta.url);

const quoted = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** Before all tests: where there is no redis-server on PATH, the one that the product finds stands in for it. */
export default async () => {
  if (process.env.HYPER_RUN_REDIS_SERVER !== undefined || !existsSync(SYSTEM_TOOLS)) return;
  const { findTool } = await import(SYSTEM_TOOLS.href);
  const { path, env } = await findTool('redis-server');
  const folder = await mkdtemp(join(tmpdir(), 'hyper-run-tools-'));
  const program = join(folder, 'redis-server');
  const settings = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}`);
  await writeFile(program, `#!/bin/sh\n${settings.join(' ')} exec ${quoted(path)} "$@"\n`);
  await chmod(program, 0o755);
  process.env.HYPER_RUN_REDIS_SERVER = program;
  globalThis.removeTools = () => rm(folder, { recursive: true, force: true });
};
