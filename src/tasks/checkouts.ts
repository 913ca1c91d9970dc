import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { Oid } from '#contracts';
import type { GitRepository } from '#git';
import { spaceOwner, type Bubblewrap } from '#sandbox';
import { cacheDirectory } from '#system-tools';
import { CheckoutCache, type HeldCheckout } from '#workspace';

/** Pristine checkouts that all tasks of a repository share, for overlays to lie upon. */
@Injectable()
export class Checkouts {
  readonly #caches = new Map<string, CheckoutCache>();

  /** To be released when nothing lies upon it any more. */
  hold(repository: GitRepository, treeish: Oid, bwrap: Bubblewrap): Promise<HeldCheckout> {
    const name = createHash('sha256').update(repository.location.commonDir).digest('hex').slice(0, 16);
    const folder = join(cacheDirectory(), 'checkouts', name);
    const cache = this.#caches.get(folder) ?? new CheckoutCache(folder, spaceOwner(bwrap));
    this.#caches.set(folder, cache);
    return cache.hold(repository, treeish);
  }
}
