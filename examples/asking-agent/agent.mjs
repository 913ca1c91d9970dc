#!/usr/bin/env node
// An agent in one file that speaks the Agent Client Protocol, and asks before it does what a person may see otherwise. It has no
// model: it sees to notes in the pages of a repository (`<!-- TODO: … -->`), and asks of each whether it is to go or to stay.
import { createInterface } from 'node:readline';

/** Every message is one line of JSON: a request has an id and a method, an answer the id of its request. */
const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

const waiting = new Map();
let asked = 0;

/** Asks HyperRun for something: to read or write a file, to ask a person. */
const request = (method, params) =>
  new Promise((resolve, reject) => {
    asked += 1;
    waiting.set(asked, { resolve, reject });
    send({ id: asked, method, params });
  });

const NOTE = /[ \t]*<!-- (TODO: .*?) -->/;
const CHOICES = { remove: 'Remove the note', keep: 'Keep it, as a sentence that readers see' };

/** The task in words names what was found, one line each: `- docs/index.md:3 TODO: …`. */
const filesOf = (prompt) => [...new Set([...prompt.matchAll(/^- (\S+):\d+ TODO/gm)].map(([, path]) => path))];

const askWhatToDo = async (sessionId, path, note) => {
  const answer = await request('elicitation/create', {
    sessionId,
    mode: 'form',
    message: `${path} says "${note}". What is to become of it?`,
    requestedSchema: {
      type: 'object',
      properties: {
        choice: { type: 'string', oneOf: Object.entries(CHOICES).map(([value, title]) => ({ const: value, title })) },
      },
      required: ['choice'],
    },
  });
  // Nobody answered in time, or nobody can be asked: it decides for itself.
  return answer.action === 'accept' ? answer.content.choice : 'remove';
};

const work = async (sessionId, prompt) => {
  let notes = 0;
  for (const path of filesOf(prompt)) {
    const file = { sessionId, path: `/repository/${path}` };
    let { content } = await request('fs/read_text_file', file);
    for (let found = NOTE.exec(content); found !== null; found = NOTE.exec(content)) {
      const [whole, note] = found;
      const choice = await askWhatToDo(sessionId, path, note);
      const sentence = choice === 'keep' ? `\n\n${note.replace(/^TODO: /, 'Still to be done: ')}.` : '';
      content = content.replace(whole, () => sentence);
      notes += 1;
    }
    await request('fs/write_text_file', { ...file, content });
  }
  const text = `Saw to ${notes} ${notes === 1 ? 'note' : 'notes'}.`;
  const update = { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } };
  send({ method: 'session/update', params: { sessionId, update } });
  return { stopReason: 'end_turn' };
};

/** What HyperRun asks of us. */
const METHODS = {
  initialize: () => ({ protocolVersion: 1, agentCapabilities: {} }),
  'session/new': () => ({ sessionId: 'the-only-one' }),
  'session/prompt': ({ sessionId, prompt }) => work(sessionId, prompt.map(({ text = '' }) => text).join('\n')),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params, result, error } = JSON.parse(line);
  if (method === undefined) {
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error === undefined) resolve?.(result);
    else reject?.(new Error(error.message));
  } else if (id !== undefined && METHODS[method] !== undefined) {
    // Not awaited: while it works, answers come in.
    Promise.resolve(METHODS[method](params)).then(
      (value) => send({ id, result: value }),
      ({ message }) => send({ id, error: { code: -32603, message } }),
    );
  } else if (id !== undefined) send({ id, error: { code: -32601, message: `${method} is not known here.` } });
}
