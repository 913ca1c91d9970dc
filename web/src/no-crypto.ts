/** Stands in for `node:crypto`, which the hash of a plan needs: hashes are for the service to make. */
export const createHash = (): never => {
  throw new Error('A page makes no hashes.');
};
