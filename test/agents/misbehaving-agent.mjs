// An agent that misbehaves as its argument says, over ACP or as a command line. Runs in the sandbox. Whatever it starts carries its
// mark, so that a test can look for what is left of it.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { agent, methods, ndJsonStream } from '@agentclientprotocol/sdk';

const [adapter, behaviour, mark, words = ''] = process.argv.slice(2);

const never = () => new Promise((resolve) => setTimeout(resolve, 2 ** 30));
const started = (text) =>
  spawn('sh', ['-c', text, mark], { detached: true, stdio: 'ignore' })
    .once('error', () => undefined)
    .unref();

/** The work itself: the notes are gone. */
const work = (prompt, more = '') => {
  const [, path] = /^- (\S+):\d+ TODO/m.exec(prompt) ?? [];
  const file = `/repository/${path}`;
  writeFileSync(file, readFileSync(file, 'utf8').replace(/ *<!-- TODO.*?-->/g, more));
};

/** What both can do; `talk` is there where they speak ACP. */
const BEHAVIOURS = {
  works: ({ prompt }) => work(prompt),
  'does nothing': () => undefined,
  hangs: never,
  'loops at full speed'() {
    for (;;);
  },
  crashes({ prompt }) {
    work(prompt);
    process.stderr.write('Segmentation fault\n');
    process.exit(7);
  },
  'kills itself'({ prompt }) {
    work(prompt);
    process.kill(process.pid, 'SIGKILL');
    return never();
  },
  'ends with 0'() {
    process.exit(0);
  },
  'is a daemon'({ prompt }) {
    started('sleep 1000');
    started('trap "" HUP TERM INT; while :; do sleep 1; done');
    work(prompt);
  },
  async forks() {
    for (let child = 0; child < 100; child += 1) started('sleep 1000');
    await never();
  },
  async 'forks without an end'() {
    started('f() { f | f & sleep 1000; }; f');
    await never();
  },
  'prints without an end'() {
    const line = `${'x'.repeat(1 << 16)}\n`;
    for (;;) writeSync(1, line);
  },
  'writes elsewhere'({ prompt }) {
    work(prompt);
    writeFileSync('/repository/w00/free.md', 'mine\n');
  },
  async 'loops through its tools'({ read }) {
    for (;;) await read('/repository/w00/free.md');
  },
  async 'tells without an end'({ update }) {
    for (let call = 0; ; call += 1)
      await update({ sessionUpdate: 'tool_call', toolCallId: `c${call}`, title: 'x', status: 'in_progress' });
  },
  async insists({ write }) {
    for (;;) await write('/repository/README.md', 'mine\n').catch(() => undefined);
  },
  async asks({ prompt, ask }) {
    work(prompt, ` ${(await ask()).content?.answer}`);
  },
  async 'works when it may'({ prompt }) {
    started('sleep 1000');
    while (!existsSync(process.env.GO)) await new Promise((resolve) => setTimeout(resolve, 20));
    work(prompt);
  },
  async 'asks whether it may'({ prompt, permit }) {
    started('sleep 1000');
    await permit();
    work(prompt);
  },
  async 'works on while it asks'({ prompt, ask }) {
    started('while :; do :; done');
    started('while :; do sleep 0.1; done');
    work(prompt, ` ${(await ask()).content?.answer}`);
  },
  'prints no messages'() {
    for (let line = 0; line < 200; line += 1) process.stdout.write(`line ${line}\n`);
    return never();
  },
};

const run = BEHAVIOURS[behaviour];

if (adapter === 'command') await run({ prompt: words });
else if (behaviour === 'never answers') await never();
else
  agent({ name: 'misbehaving' })
    .onRequest(methods.agent.initialize, () => ({ protocolVersion: 1, agentCapabilities: {} }))
    .onRequest(methods.agent.session.new, () => ({ sessionId: 's1' }))
    .onRequest(methods.agent.session.prompt, async ({ params: { sessionId, prompt }, client }) => {
      const { fs, elicitation, session } = methods.client;
      await run({
        prompt: prompt[0].text,
        update: (update) => client.notify(session.update, { sessionId, update }),
        read: (path) => client.request(fs.readTextFile, { sessionId, path }),
        write: (path, content) => client.request(fs.writeTextFile, { sessionId, path, content }),
        permit: () =>
          client.request(session.requestPermission, {
            ...{ sessionId, toolCall: { toolCallId: 'c1', title: 'Look it up', kind: 'fetch' } },
            options: [{ optionId: 'yes', name: 'Yes', kind: 'allow_once' }],
          }),
        ask: () =>
          client.request(elicitation.create, {
            ...{ sessionId, mode: 'form', message: 'Which word?' },
            requestedSchema: { type: 'object', properties: { answer: { type: 'string' } } },
          }),
      });
      return { stopReason: 'end_turn' };
    })
    .connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin)));
