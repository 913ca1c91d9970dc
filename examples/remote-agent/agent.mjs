#!/usr/bin/env node
// An agent in a process of its own, on any host that reaches the Redis of the service. It knows nothing but a Redis client, and
// has no model: it takes notes out of pages (`<!-- TODO: … -->`). See docs/agents.md for what it says and is told.
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';

const { REDIS_URL = 'redis://127.0.0.1:6379', REDIS_USERNAME: username, REDIS_PASSWORD: password } = process.env;
const { HYPER_RUN_AGENT: agent = 'mine-1', HYPER_RUN_AGENT_TOKEN: token } = process.env;
/** How long an answer may take, and how long to wait until the same is said again. */
const WAIT_SECONDS = 20;
const PATIENCE_MS = (WAIT_SECONDS + 10) * 1000;

const speaking = new Redis(REDIS_URL, { username, password });
const hearing = new Redis(REDIS_URL, { username, password });
const waiting = new Map();

/** Every answer comes to all who listen: the `id` tells whose it is. */
hearing.on('message', (_, text) => {
  const { id, err, response } = JSON.parse(text);
  if (err ?? response) waiting.get(id)?.({ err, response });
});
await hearing.subscribe(...['register', 'next', 'act', 'progress', 'submit'].map((name) => `agent.${name}.reply`));

/** Says it once; undefined: nobody answered. */
const say = async (pattern, data) => {
  const id = randomUUID();
  let timer;
  const answer = new Promise((resolve) => {
    waiting.set(id, resolve);
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  await speaking.publish(pattern, JSON.stringify({ pattern, data, id }));
  const { err, response } = (await answer) ?? {};
  clearTimeout(timer);
  waiting.delete(id);
  if (err) throw Object.assign(new Error(err.message), { code: err.code });
  return response;
};

/** Says it until there is an answer. Under the same `commandId` it is carried out once, however often it is said. */
const ask = async (name, body) => {
  const data = { agent, token, commandId: randomUUID(), ...body };
  for (;;) {
    const answer = await say(`agent.${name}`, data);
    if (answer !== undefined && answer.status !== 'waiting') return answer;
  }
};

const NOTE = /[ \t]*<!-- TODO: .*? -->/g;

/** A file to its end, a piece of whole lines after the other; undefined: there is none, or a line is too long to be read whole. */
const wholeOf = async (act, path) => {
  let whole = '';
  for (let startLine = 1; startLine !== undefined;) {
    const { text, nextLine } = await act('read', { path, startLine });
    if (text === null || (nextLine !== undefined && !text.endsWith('\n'))) return undefined;
    whole += text;
    startLine = nextLine;
  }
  return whole;
};

/** All that it changes, it asks for: out of its scope it would be refused. */
const work = async ({ taskId, attempt, title, evidence }) => {
  const task = { taskId, attempt };
  const act = (tool, input) => ask('act', { ...task, tool, input, waitSeconds: WAIT_SECONDS });
  await ask('progress', { ...task, note: `I begin: ${title}` });
  let notes = 0;
  for (const path of new Set(evidence.map((found) => found.path))) {
    const text = await wholeOf(act, path);
    const found = text?.match(NOTE)?.length ?? 0;
    if (found === 0) continue;
    await act('write', { path, content: text.replace(NOTE, '') });
    notes += found;
  }
  const summary = `Took out ${notes} ${notes === 1 ? 'note' : 'notes'}.`;
  await ask('submit', { ...task, summary });
  return `${title}: ${summary}`;
};

const { name } = await ask('register', { name: 'Note taker', version: '1.0.0' });
console.log(`${agent} is there as ${name}.`);

for (;;) {
  const { status, task } = await ask('next', { waitSeconds: WAIT_SECONDS });
  if (status === 'idle') continue;
  try {
    console.log(await work(task));
  } catch (error) {
    // Cancelled, taken over, refused too often: the next one.
    if (error.code === undefined) throw error;
    console.log(`${task.title}: ${error.code}: ${error.message}`);
  }
}
