import { createHash } from 'node:crypto';

/** A Lua script, and the hash by which Redis knows it once it has run. */
export interface Script {
  readonly sha: string;
  readonly text: string;
}

export const scriptOf = (text: string): Script => ({ sha: createHash('sha1').update(text).digest('hex'), text });
