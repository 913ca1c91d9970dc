// Scans a repository as src/strategist does, once per message.
import { readFile } from 'node:fs/promises';
import { analyse, openFileCache } from '../../dist/libs/findings/src/index.js';
import { GitRepository } from '../../dist/libs/git/src/index.js';
import { answering } from './worker.mjs';
import { commitTree } from '../../dist/libs/workspace/src/index.js';

const [, , path, cacheFile] = process.argv;
const TICKS_PER_SECOND = 100;

/** Milliseconds of processor time, of this process and of its children that ended; where there is /proc, else of this alone. */
const processorTime = async () => {
  const { user, system } = process.cpuUsage();
  const stat = await readFile('/proc/self/stat', 'utf8').catch(() => '');
  const [childUser = 0, childSystem = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(13, 15)
    .map(Number);
  return (user + system) / 1000 + ((childUser + childSystem) * 1000) / TICKS_PER_SECOND;
};

const scan = async () => {
  const repository = await GitRepository.open(path);
  try {
    const cache = await openFileCache(cacheFile);
    const { findings } = await analyse(await commitTree(repository.objects, await repository.head()), { cache });
    await cache.save();
    return findings.length;
  } finally {
    repository.close();
  }
};

answering(async () => {
  const cpu = await processorTime();
  const began = performance.now();
  const findings = await scan();
  const ms = performance.now() - began;
  return { ms, cpuMs: (await processorTime()) - cpu, findings };
});
