// Clients of the stream that lose their connection again and again, in the middle of whatever is being sent.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { MARK, MARK_DIGITS } from './events.mjs';
import { randomNumbers } from './synthetic.mjs';
import { answering } from './worker.mjs';

const LONGEST_LIFE = 400;
const LONGEST_ABSENCE_MS = 40;

let readers = [];
let last = 0;

const below = (random) => (limit) => Math.floor(random() * limit);

const CURSOR = /(?:^|\n)id: (\S+)/;
const mark = String.fromCharCode(MARK);

/** Whole messages only: what was cut is not known to have come, and is told again. */
const hear = (reader, message) => {
  const at = message.indexOf(mark);
  if (at !== -1) {
    const number = Number(message.slice(at + 1, at + 1 + MARK_DIGITS));
    if (number > reader.next) reader.gaps++;
    if (number < reader.next) reader.repeats++;
    reader.next = number + 1;
    reader.heard++;
  }
  reader.cursor = CURSOR.exec(message)?.[1] ?? reader.cursor;
};

const listen = async (reader, { url, token }, events) => {
  const { host, hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setEncoding('latin1').on('error', () => undefined);
  await once(socket, 'connect');
  const resume = reader.cursor === undefined ? '' : `Last-Event-ID: ${reader.cursor}\r\n`;
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n${resume}\r\n`);
  const until = reader.heard + events;
  let rest = '';
  for await (const chunk of socket) {
    const messages = (rest + chunk).split('\n\n');
    rest = messages.pop();
    for (const message of messages) {
      hear(reader, message);
      reader.greeted();
      if (reader.heard >= until || reader.next > last) break;
    }
    if (reader.heard >= until || reader.next > last) break;
  }
  socket.destroy();
};

const live = async (reader, where) => {
  while (reader.next <= last) {
    await listen(reader, where, 1 + reader.below(LONGEST_LIFE));
    if (reader.next > last) return;
    reader.cuts++;
    await delay(reader.below(LONGEST_ABSENCE_MS));
  }
};

const does = {
  async open({ count, seed, events, where }) {
    last = events - 1;
    readers = Array.from({ length: count }, (_, n) => ({
      below: below(randomNumbers(seed + n)),
      next: 0,
      heard: 0,
      cuts: 0,
      gaps: 0,
      repeats: 0,
    }));
    await Promise.all(
      readers.map(
        (reader) =>
          new Promise((resolve) => {
            reader.greeted = resolve;
            reader.done = live(reader, where);
          }),
      ),
    );
    return {};
  },
  /** When all have heard the last event. */
  async result() {
    await Promise.all(readers.map(({ done }) => done));
    const total = (what) => readers.reduce((sum, reader) => sum + reader[what], 0);
    return { cuts: total('cuts'), gaps: total('gaps'), repeats: total('repeats'), heard: total('heard') };
  },
};
answering(async ({ what, ...question }) => does[what](question));
