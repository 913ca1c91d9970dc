// Many clients of one stream in one process. What comes is looked through for the numbers of events and thrown away.
import { once } from 'node:events';
import { connect } from 'node:net';
import { MARK, MARK_DIGITS } from './events.mjs';
import { BUCKETS, bucketOf } from './histogram.mjs';
import { monotonic } from './monotonic.mjs';
import { answering } from './worker.mjs';

/** All sockets are read into the same memory, one after the other: nothing is kept of what came. */
const room = Buffer.allocUnsafe(512 * 1024);
const BEFORE_ALL_SAID = 50;

let clients = [];
let round = { events: 0, began: 0, arrivals: new Float32Array(0) };

const requestOf = ({ url, token }) => {
  const { host, pathname } = new URL(url);
  const authorization = token === undefined ? '' : `Authorization: Bearer ${token}\r\n`;
  return `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n${authorization}\r\n`;
};

const subscription = (channel) => `*2\r\n$9\r\nSUBSCRIBE\r\n$${channel.length}\r\n${channel}\r\n`;

/** Notes when the next number came; a number that is not the next is a gap or a repeat. */
const receive = (client, bytes) => {
  const at = monotonic() - round.began;
  let from = 0;
  for (;;) {
    if (client.digits === 0) {
      const found = bytes.indexOf(MARK, from);
      if (found === -1) return;
      from = found + 1;
      client.digits = MARK_DIGITS;
      client.number = 0;
    }
    while (client.digits > 0) {
      if (from >= bytes.length) return;
      client.number = client.number * 10 + bytes[from++] - 48;
      client.digits--;
    }
    if (client.number !== client.next) client.wrong++;
    client.next = client.number + 1;
    if (client.number < round.events) round.arrivals[client.index * round.events + client.number] = at;
    client.seen++;
  }
};

const openOne = async (index, { socket, channel, url, token, stalled }) => {
  const client = { index, digits: 0, number: 0, next: 0, seen: 0, wrong: 0 };
  let greeted;
  const greeting = new Promise((resolve) => (greeted = resolve));
  const onread = {
    buffer: room,
    callback: (length) => {
      receive(client, room.subarray(0, length));
      greeted();
      return stalled !== true;
    },
  };
  const { hostname, port } = url === undefined ? {} : new URL(url);
  client.socket = connect({
    ...(url === undefined ? { path: socket } : { host: hostname, port: Number(port) }),
    onread,
  });
  client.socket.on('error', () => undefined);
  client.socket.setNoDelay(true);
  await once(client.socket, 'connect');
  client.socket.write(url === undefined ? subscription(channel) : requestOf({ url, token }));
  await greeting;
  return client;
};

const open = async ({ count, ...where }) => {
  for (let from = 0; from < count; from += BEFORE_ALL_SAID)
    clients.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(BEFORE_ALL_SAID, count - from) }, (_, n) => openOne(from + n, where)),
      )),
    );
  return { open: clients.length };
};

const begin = ({ events }) => {
  for (const client of clients) Object.assign(client, { digits: 0, next: 0, seen: 0, wrong: 0 });
  round = { events, began: monotonic(), arrivals: new Float32Array(clients.length * events).fill(-1) };
  return {};
};

/** Waits until all have all, or until a moment; then tells how long after its `times` each event came to each client. */
const result = async ({ times, deadline }) => {
  while (monotonic() < deadline && clients.some(({ seen }) => seen < round.events))
    await new Promise((resolve) => setTimeout(resolve, 5));
  const { arrivals, events, began } = round;
  const histograms = Object.fromEntries(Object.keys(times).map((name) => [name, Array(BUCKETS).fill(0)]));
  let delivered = 0;
  for (let index = 0; index < arrivals.length; index++) {
    if (arrivals[index] < 0) continue;
    delivered++;
    for (const [name, at] of Object.entries(times))
      histograms[name][bucketOf(arrivals[index] + began - at[index % events])]++;
  }
  return { delivered, wrong: clients.reduce((total, { wrong }) => total + wrong, 0), histograms };
};

const close = () => {
  for (const { socket } of clients) socket.destroy();
  clients = [];
  return {};
};

const does = { open, begin, result, close };
answering(async ({ what, ...question }) => does[what](question));
