import { HyperRunError } from '#contracts';
import type { PageDto } from './page.dto.js';

export interface Page<Item> {
  readonly items: readonly Item[];
  /** What to send as `after` for the next page; absent at the end. */
  readonly next?: string;
}

/** A page of a list that is there as a whole. `after` counts what came before. */
export const pageOf = <Item>(all: readonly Item[], page: PageDto): Page<Item> => {
  const start = startOf(page);
  const end = start + page.limit;
  return { items: all.slice(start, end), ...(end < all.length ? { next: String(end) } : {}) };
};

/** How many come before a page. @throws HyperRunError `cursor.invalid` */
export const startOf = ({ after }: PageDto): number => {
  const start = after === undefined ? 0 : Number(after);
  if (Number.isSafeInteger(start) && start >= 0) return start;
  throw new HyperRunError('cursor.invalid', `after: expected \`next\` of the page before, found "${after}".`);
};
