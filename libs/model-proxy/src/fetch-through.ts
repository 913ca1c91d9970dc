import type { Readable } from 'node:stream';
import type { ModelAnswer, ModelCalls } from './model-calls.js';
import { refusalOf } from './refusal.js';

/** `fetch` for an agent inside the service: the same way as through the socket, whatever host the address names. */
export const fetchThrough =
  (calls: ModelCalls): typeof fetch =>
  async (input, init) => {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    try {
      const answer = await calls.answer({
        method: request.method,
        target: pathname + search,
        headers: Object.fromEntries(request.headers),
        body: bytesOf(request.body),
        signal: request.signal,
      });
      return responseOf(answer);
    } catch (error) {
      const refused = refusalOf(error);
      if (refused === undefined) throw error;
      return new Response(refused.body, { status: refused.status, headers: { 'content-type': 'application/json' } });
    }
  };

const responseOf = ({ status, headers, body }: ModelAnswer): Response => {
  if (status !== 204 && status !== 205) return new Response(streamOf(body), { status, headers });
  body.resume();
  return new Response(null, { status, headers });
};

const streamOf = (body: Readable): ReadableStream<Uint8Array<ArrayBuffer>> => {
  const chunks = body.iterator();
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
    cancel: () => void body.destroy(),
  });
};

async function* bytesOf(body: Request['body']): AsyncIterable<Uint8Array> {
  if (body !== null) for await (const chunk of body) yield chunk;
}
