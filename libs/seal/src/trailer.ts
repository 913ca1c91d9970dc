import { SealedHead } from '#contracts';

export const TRAILER = 'HyperRun-Seal';

/** `HyperRun-Seal: <stream>@<version> <hash>`: ties a commit to all that was recorded before it. */
export const trailerOf = ({ stream, version, hash }: SealedHead): string => `${TRAILER}: ${stream}@${version} ${hash}`;

const LINE = /^HyperRun-Seal: ([a-z0-9-]+)@(\d{1,15}) ([0-9a-f]{64})\s*$/;

/**
 * The seals that a commit message ends with: of what merges tasks, one of each task and one of their sprint. Only its last
 * paragraph counts, and nothing in it where it names a stream twice.
 */
export const parseTrailers = (message: string): SealedHead[] => {
  const paragraphs = message
    .replaceAll('\r\n', '\n')
    .trimEnd()
    .split(/\n{2,}/);
  const lines = (paragraphs.at(-1) ?? '').split('\n');
  const seals = lines.flatMap((line) => {
    const [, stream, version, hash] = LINE.exec(line) ?? [];
    const parsed = SealedHead.safeParse({ stream, version: Number(version), hash });
    return parsed.success ? [parsed.data] : [];
  });
  return new Set(seals.map(({ stream }) => stream)).size === seals.length ? seals : [];
};
