import type { FileEntry } from './object-database.js';

export type Listing = readonly FileEntry[];

/**
 * Listings that were finished, for everyone who opens the same repository again: what the name of an object stands for never
 * changes. The newest used stay, as long as they have no more entries together than `most`.
 */
export class Listings {
  readonly #kept = new Map<string, Listing>();
  #entries = 0;

  /** An entry takes some 250 bytes. */
  constructor(private readonly most: number) {}

  get(key: string): Listing | undefined {
    const found = this.#kept.get(key);
    if (found === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, found);
    return found;
  }

  keep(key: string, listing: Listing): void {
    this.#drop(key);
    if (listing.length > this.most) return;
    this.#kept.set(key, listing);
    this.#entries += listing.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#entries <= this.most) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#entries -= this.#kept.get(key)?.length ?? 0;
    this.#kept.delete(key);
  }
}

/** What follows from a listing and nothing else: worked out once, and kept as long as the listing is. */
export const ofListing = <T extends object>(work: (files: Listing) => T): ((files: Listing) => T) => {
  const known = new WeakMap<Listing, T>();
  return (files) => {
    const found = known.get(files) ?? work(files);
    known.set(files, found);
    return found;
  };
};
