import { HyperRunError, type Position } from '#contracts';

const CURSOR = /^([a-z0-9]{1,40})\.(\d{1,15})$/;

export const formatCursor = (incarnation: string, position: Position): string => `${incarnation}.${position}`;

/**
 * @param reach position of the newest event, or of one that is known to be at this position or after it
 * @throws HyperRunError `cursor.invalid`, `cursor.other-incarnation`, `cursor.beyond-top`
 */
export const parseCursor = async (
  cursor: string,
  incarnation: string,
  reach: (position: Position) => Position | Promise<Position>,
): Promise<Position> => {
  const [, life, digits] = CURSOR.exec(cursor) ?? [];
  if (life === undefined)
    throw new HyperRunError(
      'cursor.invalid',
      `${JSON.stringify(cursor.slice(0, 80))} is not a cursor. Leave it out to begin anew.`,
    );
  if (life !== incarnation)
    throw new HyperRunError(
      'cursor.other-incarnation',
      `The cursor belongs to another life of the log (${life}, this one is ${incarnation}). Take the snapshot and go on from its cursor.`,
      { incarnation },
    );
  const position = Number(digits) as Position;
  const newest = await reach(position);
  if (position > newest)
    throw new HyperRunError(
      'cursor.beyond-top',
      `The cursor names position ${position}, the newest event is ${newest}: the log was restored from an older copy. Take the snapshot.`,
      { position, top: newest },
    );
  return position;
};
