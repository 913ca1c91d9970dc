import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ApiError, callSequence } from './client.js';

const told = [{ text: 'one' }, { text: 'zwölf → 12' }, { text: 'three' }];
const bytes = Buffer.from(told.map((each) => `\u001E${JSON.stringify(each)}\n`).join(''));

describe('a sequence of JSON texts', () => {
  let server: Server;
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  const serve = async (status: number, ...pieces: readonly Buffer[]): Promise<string> => {
    server = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json-seq' });
      for (const piece of pieces) response.write(piece);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
  };
  const read = async (url: string): Promise<unknown[]> => {
    const found: unknown[] = [];
    for await (const texts of callSequence(url)) found.push(...texts.map((text): unknown => JSON.parse(text)));
    return found;
  };

  it('is read whole wherever it is cut on its way, also within a letter', async () => {
    const single = Array.from({ length: bytes.length }, (_, at) => bytes.subarray(at, at + 1));
    expect(await read(await serve(200, ...single))).toEqual(told);
  });

  it('is an error when its last text has no end', async () => {
    await expect(read(await serve(200, bytes.subarray(0, -1)))).rejects.toThrow('cut short');
  });

  it('is an error when the service refuses it', async () => {
    const refused = Buffer.from(JSON.stringify({ code: 'sprint.unknown', detail: 'There is none.' }));
    const error = await read(await serve(404, refused)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 404, code: 'sprint.unknown', message: 'There is none.' });
  });
});
