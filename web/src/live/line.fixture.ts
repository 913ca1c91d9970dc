import type { FeedLine } from './feed.js';

/** A line of the feed, for tests of what is done with lines. */
export const lineAt = (position: number, given: Partial<FeedLine> & { readonly data?: object } = {}): FeedLine => {
  const { data = {}, ...rest } = given;
  return {
    id: `event-${position}`,
    position,
    time: position,
    type: 'action.file-read',
    tone: 'quiet',
    text: 'read docs/index.md',
    actor: 'worker:w-1',
    json: JSON.stringify({ data }),
    ...rest,
  };
};
