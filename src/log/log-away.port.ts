import { isHyperRunError } from '#contracts';

const AWAY = ['log.unavailable', 'log.outcome-unknown', 'log.full', 'log.disk-full'];

/** What passes without anybody's doing, or with the operator's: nothing of what was to be told is to blame for it. */
export const isLogAway = (error: unknown): boolean => AWAY.some((code) => isHyperRunError(error, code));
