import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { removeTree } from '#sandbox';
import { cacheDirectory, deadSockets, halfWritten } from '#system-tools';
import { CONFIG, type Config } from '../config/config.js';
import { REDIS } from '../log/log.port.js';
import { hintKey } from '../world/keys.port.js';
import { LeaseHolder } from './lease-holder.js';

/** What workers that died left where they worked. */
@Injectable()
export class LostWork {
  constructor(
    private readonly lease: LeaseHolder,
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** At the start of a worker: also what was left half written, by whatever process, and is no longer being written, and sockets. */
  async sweep(): Promise<void> {
    await this.clear();
    const place = { data: this.config.dataDirectory, cache: cacheDirectory() };
    for (const path of [...(await halfWritten(place)), ...(await deadSockets(this.config.dataDirectory))])
      await removeTree(path);
  }

  /** Removes the folders of workers without a lease. Those of living workers, of whatever process, are left alone. */
  async clear(): Promise<void> {
    const work = join(this.config.dataDirectory, 'work');
    const workers = (await readdir(work).catch(absent)).filter((name) => name !== this.lease.worker);
    if (workers.length === 0) return;
    const leases = await this.redis.mget(workers.map((worker) => hintKey(this.config, `lease:${worker}`)));
    for (const worker of workers.filter((_, index) => leases[index] === null)) await this.#remove(join(work, worker));
  }

  /** What is younger than half a lease may be of a worker that has begun since the leases were read. */
  async #remove(folder: string): Promise<void> {
    for (const path of [...(await readdir(folder).catch(absent)).map((name) => join(folder, name)), folder]) {
      const found = await stat(path).catch(() => undefined);
      const old = found !== undefined && Date.now() - found.birthtimeMs > this.config.leaseSeconds * 500;
      if (old && (path !== folder || (await readdir(folder).catch(absent)).length === 0)) await removeTree(path); // an agent may have left what is deeper than any path may be long
    }
  }
}

const absent = (error: NodeJS.ErrnoException): string[] => {
  if (error.code === 'ENOENT') return [];
  throw error;
};
