import { clean } from '#wording';

/** What could move, colour, hide or turn round what is read, as it stands in JSON: escaped, or as itself. */
const SUSPECT =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class
  /\\u(?:00[0189]|007f|061c|20[026]|feff|fff|db40)|[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|\udb40/i;

/**
 * What the service told, with all text of others made harmless to show, once and for all of this page. Ids and hashes have none
 * of what is taken out; whoever needs the very bytes (the export, the patch) gets them from the service itself.
 */
export const parse = (json: string): unknown =>
  JSON.parse(
    json,
    SUSPECT.test(json) ? (_, value: unknown) => (typeof value === 'string' ? clean(value) : value) : undefined,
  );
