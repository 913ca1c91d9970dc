import { HyperRunError } from '#contracts';
import type { PageDto } from './page.dto.js';

export interface Page<Item> {
  readonly items: readonly Item[];
  /** What to send as `after` for the next page; absent at the end. */
  readonly next?: string;
}

/** A page of a list that is there as a whole. `after` counts what came before. */
export const pageOf = <Item>(all: readonly Item[], { after, limit }: PageDto): Page<Item> => {
  const start = after === undefined ? 0 : Number(after);
  if (!Number.isSafeInteger(start) || start < 0)
    throw new HyperRunError('cursor.invalid', `after: expected \`next\` of the page before, found "${after}".`);
  const end = start + limit;
  return { items: all.slice(start, end), ...(end < all.length ? { next: String(end) } : {}) };
};
