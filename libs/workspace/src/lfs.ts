const POINTER = 'version https://git-lfs.github.com/spec/';

/** What git stores in place of a file that lives in Git LFS. */
export const isLfsPointer = (content: Buffer): boolean =>
  content.length < 1024 && content.toString('latin1', 0, POINTER.length) === POINTER;
