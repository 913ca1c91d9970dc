import { clean, CONTROLS, oneLine } from '#wording';

export { clean, oneLine };

/** JSON with every string, names included, made harmless. Throws as `JSON.parse` does. */
export const parseClean = (json: string): unknown => cleaned(JSON.parse(json));

const cleaned = (value: unknown): unknown => {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [clean(name), cleaned(inner)]));
};

/** JSON for programs: the exact values, with dangerous characters written as `\uXXXX`, so that a terminal is safe too. */
export const toJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(CONTROLS, (found) =>
    [...Array(found.length).keys()].map((at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  );
