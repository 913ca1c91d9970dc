/** Of every read of the present: `?after=` of a stream that tells all that the answer may lack. */
export const FOLLOW_AFTER = 'HyperRun-Follow-After';
