import { Readable } from 'node:stream';

/** JSON text sequences (RFC 7464): each text stands between a record separator and a line feed; one that was cut has no end. */
export const JSON_SEQUENCE = 'application/json-seq';

const RECORD_SEPARATOR = '\u001E';
const CHUNK = 64 * 1024;

export const wantsSequence = (accept: string | undefined): boolean => accept?.includes(JSON_SEQUENCE) === true;

/** One answer of many texts. They are read as fast as the client takes them; an error ends the connection. */
export const sequenceOf = (events: AsyncIterable<{ readonly json: string }>): Readable =>
  Readable.from(inChunks(events, ({ json }) => `${RECORD_SEPARATOR}${json}\n`));

/** One line for each text. */
export const linesOf = (texts: AsyncIterable<string>): Readable =>
  Readable.from(inChunks(texts, (text) => `${text}\n`));

/** What is written costs by the piece, so pieces are not small. */
async function* inChunks<Text>(texts: AsyncIterable<Text>, frame: (text: Text) => string): AsyncGenerator<Buffer> {
  let chunk = '';
  for await (const text of texts) {
    chunk += frame(text);
    if (chunk.length < CHUNK) continue;
    yield Buffer.from(chunk);
    chunk = '';
  }
  if (chunk !== '') yield Buffer.from(chunk);
}
