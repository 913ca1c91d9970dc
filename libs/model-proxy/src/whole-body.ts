import { HyperRunError } from '#contracts';
import { unlessAborted } from './unless-aborted.js';

/** All bytes of a request. @throws HyperRunError model.request-too-large, model.request-malformed: not there in time */
export const wholeBody = async (body: AsyncIterable<Uint8Array>, limit: number, withinMs: number): Promise<Buffer> => {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(tooSlow(withinMs)), withinMs);
  try {
    return await unlessAborted(late.signal, () => collect(body, limit));
  } finally {
    clearTimeout(timer);
  }
};

const collect = async (body: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > limit)
      throw new HyperRunError('model.request-too-large', `A request may have ${limit} bytes; this one has more.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const tooSlow = (ms: number) =>
  new HyperRunError('model.request-malformed', `The body of the request was not there within ${ms / 1000} s.`);
