import { SealedHead } from '#contracts';

export const TRAILER = 'HyperRun-Seal';

/** `HyperRun-Seal: <stream>@<version> <hash>`: ties a commit to all that was recorded before it. */
export const trailerOf = ({ stream, version, hash }: SealedHead): string => `${TRAILER}: ${stream}@${version} ${hash}`;

const LINE = /^HyperRun-Seal: ([a-z0-9-]+)@(\d{1,15}) ([0-9a-f]{64})\s*$/;

/** The seal that a commit message ends with. Only its last paragraph counts, and only if it names exactly one. */
export const parseTrailer = (message: string): SealedHead | undefined => {
  const paragraphs = message
    .replaceAll('\r\n', '\n')
    .trimEnd()
    .split(/\n{2,}/);
  const lines = (paragraphs.at(-1) ?? '').split('\n');
  const [only, ...others] = lines.flatMap((line) => {
    const match = LINE.exec(line);
    return match === null ? [] : [match];
  });
  if (only === undefined || others.length > 0) return undefined;
  const [, stream, version, hash] = only;
  return SealedHead.safeParse({ stream, version: Number(version), hash }).data;
};
