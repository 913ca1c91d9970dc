import type { ChildProcess } from 'node:child_process';
import { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** When nothing more will come. */
export const endOf = (stream: Readable): Promise<void> =>
  new Promise((resolve) => {
    if (stream.readableEnded || stream.destroyed) resolve();
    else stream.once('end', resolve).once('close', resolve);
  });

/** Awaits the work, but no longer than this. */
export const within = async (ms: number, work: Promise<unknown>): Promise<void> => {
  const timer = new AbortController();
  await Promise.race([work, delay(ms, undefined, { signal: timer.signal }).catch(() => undefined)]);
  timer.abort();
};

/** The first few bytes of a descriptor, as text, so far. */
export interface Collected {
  text(): string;
  /** When there is some. */
  readonly began: Promise<void>;
  readonly ended: Promise<void>;
}

export const textOf = (child: ChildProcess, descriptor: number): Collected => {
  let text = '';
  const stream = child.stdio[descriptor];
  if (!(stream instanceof Readable))
    return { text: () => text, began: new Promise(() => undefined), ended: Promise.resolve() };
  stream.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(0, 4096)));
  const began = new Promise<void>((resolve) => void stream.once('data', () => resolve()));
  return { text: () => text, began, ended: endOf(stream) };
};

export const feed = (child: ChildProcess, first: number, inputs: readonly string[]): void => {
  inputs.forEach((input, index) => {
    const stream = child.stdio[first + index];
    if (!(stream instanceof Writable)) return;
    stream.on('error', () => undefined); // a sandbox that failed reads nothing: its own message tells
    stream.end(input);
  });
};
