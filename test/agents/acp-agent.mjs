// An agent that speaks ACP by the SDK's own agent side, and does what its argument says. Runs in the sandbox.
import { spawn } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { agent, methods, ndJsonStream, RequestError } from '@agentclientprotocol/sdk';

const [behaviour] = process.argv.slice(2);
const { fs, terminal, session: sessions, elicitation } = methods.client;

/** What a behaviour has to talk with. */
const talker = (client, sessionId, prompt) => {
  const update = (update) => client.notify(sessions.update, { sessionId, update });
  const say = (text) => update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } });
  const tried = (work) =>
    work.then(
      (value) => JSON.stringify(value ?? null),
      (error) => `refused: ${error.message}`,
    );
  const read = (path, more) => client.request(fs.readTextFile, { sessionId, path, ...more });
  const write = (path, content) => client.request(fs.writeTextFile, { sessionId, path, content });
  const ask = (kind, more = {}) =>
    client.request(sessions.requestPermission, {
      sessionId,
      toolCall: { toolCallId: `call-${kind}`, title: `Use ${kind}`, kind, ...more },
      options: [
        { optionId: 'yes', name: 'Yes', kind: 'allow_once' },
        { optionId: 'always', name: 'Always', kind: 'allow_always' },
        { optionId: 'no', name: 'No', kind: 'reject_once' },
      ],
    });
  return { client, sessionId, prompt, update, say, tried, read, write, ask };
};

const never = () => new Promise((resolve) => setTimeout(resolve, 2 ** 30));
const raw = (line) => process.stdout.write(`${line}\n`);

/** By itself, past our tools, and without asking. */
const obey = async (path, update) => {
  const call = { toolCallId: path, title: `echo pwned >> ${path}`, kind: 'execute', locations: [{ path }] };
  await update({ sessionUpdate: 'tool_call', ...call, status: 'in_progress' });
  try {
    appendFileSync(path, 'pwned\n');
    await update({ sessionUpdate: 'tool_call_update', ...call, status: 'completed' });
  } catch (error) {
    await update({ sessionUpdate: 'tool_call_update', ...call, status: 'failed', rawOutput: error.message });
  }
};

const HOSTILE = '\u001b[2J\u001b]0;owned\u0007<img src=x onerror="document.title=\'owned\'"> \u202egnp.exe ';

const BEHAVIOURS = {
  /** Through our tools and by itself: both see the same tree. */
  async works({ client, sessionId, update, say, read, write }) {
    await say('I look ');
    await say('around.');
    await update({ sessionUpdate: 'agent_thought_chunk', content: { type: 'text', text: 'It is a page.' } });
    await update({ sessionUpdate: 'plan', entries: [{ content: 'Mend', priority: 'high', status: 'pending' }] });
    const { content } = await read('/repository/docs/a.md');
    const second = await read('/repository/docs/a.md', { line: 2, limit: 1 });
    await write('/repository/docs/a.md', content.replace('recieve', 'receive'));
    await update({ sessionUpdate: 'tool_call', toolCallId: 'c1', title: 'Append', kind: 'edit', status: 'pending' });
    await update({
      sessionUpdate: 'tool_call_update',
      toolCallId: 'c1',
      status: 'in_progress',
      rawInput: { to: 'docs/a.md' },
    });
    await update({ sessionUpdate: 'tool_call_update', toolCallId: 'c1', status: 'in_progress' });
    appendFileSync('/repository/docs/a.md', 'by itself\n');
    const locations = [{ path: '/repository/docs/a.md' }];
    await update({
      sessionUpdate: 'tool_call_update',
      toolCallId: 'c1',
      status: 'completed',
      locations,
      rawOutput: 'ok',
    });
    const { terminalId } = await client.request(terminal.create, {
      ...{ sessionId, command: 'sh', args: ['-c', 'cat a.md; echo $GREETING; exit 3'], cwd: '/repository/docs' },
      env: [{ name: 'GREETING', value: 'hello' }],
    });
    const exit = await client.request(terminal.waitForExit, { sessionId, terminalId });
    const { output } = await client.request(terminal.output, { sessionId, terminalId });
    await client.request(terminal.release, { sessionId, terminalId });
    await update({ sessionUpdate: 'usage_update', used: 10, size: 100, cost: { amount: 0.25, currency: 'USD' } });
    await update({ sessionUpdate: 'usage_update', used: 12, size: 100, cost: { amount: 0.75, currency: 'USD' } });
    await say(JSON.stringify({ second: second.content, exit: exit.exitCode, output }));
  },
  /** Does what the notes of its files ask for: takes them out. Says what the files told it to do besides, and tries that. */
  async 'resolves notes'({ prompt, update, say, read, write }) {
    const files = [...new Set([...prompt.matchAll(/^- (\S+):\d+ TODO/gm)].map(([, path]) => `/repository/${path}`))];
    for (const path of files) {
      const { content } = await read(path);
      await write(path, content.replace(/ *<!-- TODO.*?-->/g, ''));
      const [, ordered] = /<!-- agents: append to (\S+) -->/.exec(content) ?? [];
      if (ordered !== undefined) await obey(`/repository/${ordered}`, update);
    }
    await say(`Resolved the notes of ${files.length} files.`);
  },
  /** Says at length what no screen may obey, asks, and only then resolves the notes. */
  async 'asks first'(talk) {
    const { client, sessionId, say } = talk;
    await say(`${HOSTILE}${'x'.repeat(100_000)}`);
    const properties = { answer: { type: 'string', enum: ['yes', 'no'] } };
    const message = `Shall I? ${HOSTILE}`;
    const requestedSchema = { type: 'object', properties };
    await client.request(elicitation.create, { sessionId, mode: 'form', message, requestedSchema });
    await BEHAVIOURS['resolves notes'](talk);
  },
  async trespasses({ say, tried, read, write }) {
    const answers = [
      await tried(write('/repository/README.md', 'mine')),
      await tried(read('/etc/passwd')),
      await tried(write('/home/agent/.profile', 'mine')),
      await tried(write('/repository/docs/a.md', 'better\n')),
    ];
    await say(answers.join('\n'));
  },
  async insists({ tried, write }) {
    for (let time = 0; time < 5; time += 1) await tried(write('/repository/README.md', 'mine'));
    await never();
  },
  async asks({ say, ask }) {
    const outside = { locations: [{ path: '/repository/README.md' }] };
    const inside = { content: [{ type: 'diff', path: '/repository/docs/a.md', newText: 'x' }] };
    const answers = [];
    for (const kind of ['edit', 'edit', 'execute', 'fetch', 'switch_mode']) {
      const more = kind === 'edit' ? [inside, outside][answers.length] : {};
      const { outcome } = await ask(kind, more);
      answers.push(`${kind} ${outcome.optionId ?? outcome.outcome}`);
    }
    await say(answers.join(', '));
  },
  async wonders({ client, sessionId, say }) {
    const form = (properties) =>
      client.request(elicitation.create, {
        sessionId,
        mode: 'form',
        message: 'Which one?',
        requestedSchema: { type: 'object', properties },
      });
    const answers = [
      await form({ colour: { type: 'string', enum: ['red', 'blue'] } }),
      await form({ name: { type: 'string' } }),
      await form({ a: { type: 'string' }, b: { type: 'string' } }),
    ];
    await say(JSON.stringify(answers));
  },
  async 'says odd things'({ say }) {
    raw('Welcome to the agent!');
    raw('{"jsonrpc":"2.0","id":999,"result":{"never":"asked"}}');
    raw('{"jsonrpc":"2.0","id":{"odd":true},"method":"fs/read_text_file","params":{}}');
    raw('[1,2,3]');
    raw('{"jsonrpc":"2.0","method":"session/update","params":{"nothing":true}}');
    raw('{"jsonrpc":"2.0","method":"of/tomorrow","params":{}}');
    raw('{"jsonrpc":"2.0","id":"x1","method":"ask/tomorrow","params":{}}');
    raw(
      '{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"of_tomorrow"}}}',
    );
    appendFileSync('/repository/docs/a.md', 'odd\n');
    await say('Done \u001b[31mall the same\u202e.');
  },
  async 'tells of its session'({ update, say }) {
    const again = async (change) => [await update(change), await update(change)];
    for (const word of ['Do ', 'this.']) await update({ sessionUpdate: 'user_message_chunk', content: { type: 'text', text: word } }); // prettier-ignore
    await again({ sessionUpdate: 'current_mode_update', currentModeId: 'careful' });
    await again({
      sessionUpdate: 'available_commands_update',
      availableCommands: [{ name: 'plan' }, { name: 'undo' }],
    });
    await again({ sessionUpdate: 'config_option_update', configOptions: [{ id: 'model', currentValue: 'large' }] });
    await again({ sessionUpdate: 'session_info_update', title: 'Mend \u001b[31mlinks' });
    await again({ sessionUpdate: 'notice', severity: 'warning', title: 'Slow', description: 'for now' });
    await again({ sessionUpdate: 'compaction_update', compactionId: 'c', status: 'in_progress' });
    await update({
      sessionUpdate: 'compaction_summary_chunk',
      compactionId: 'c',
      content: { type: 'text', text: 'So far.' },
    });
    for (let used = 0; used <= 255; used += 1) await update({ sessionUpdate: 'usage_update', used, size: 1000 });
    appendFileSync('/repository/docs/a.md', 'told\n');
    await say('Told.');
  },
  async 'waits to be cancelled'({ say }) {
    await say('Waiting.');
    await new Promise((resolve) => (cancelled = resolve));
    writeFileSync('/repository/docs/a.md', 'I heard that it is over.\n');
    return 'cancelled';
  },
  async 'stops early'({ say }) {
    await say('I am tired.');
    return 'max_tokens';
  },
  async 'leaves something running'() {
    spawn('sh', ['-c', 'sleep 1000'], { detached: true, stdio: 'ignore' }).unref();
    appendFileSync('/repository/docs/a.md', 'and left\n');
  },
  async crashes() {
    process.stderr.write('Segmentation fault\n');
    process.exit(7);
  },
  async 'ends without a word'() {
    process.exit(0);
  },
  async hangs({ say }) {
    await say('Hm.');
    await never();
  },
  async 'wants a login'() {
    throw RequestError.authRequired();
  },
  async 'prints no messages'() {
    for (let line = 0; line < 200; line += 1) raw(`line ${line}`);
    await never();
  },
  async 'prints a huge line'() {
    raw(`{"jsonrpc":"2.0","method":"${'x'.repeat(9 << 20)}"}`);
    await never();
  },
  async floods({ update }) {
    for (let chunk = 0; ; chunk += 1)
      await update({
        sessionUpdate: 'tool_call',
        toolCallId: `c${chunk}`,
        title: 'x'.repeat(100),
        status: 'in_progress',
      });
  },
  async loops({ read }) {
    for (;;) await read('/repository/docs/a.md');
  },
  async forks() {
    for (let child = 0; child < 3000; child += 1) {
      try {
        spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' })
          .once('error', () => undefined)
          .unref();
      } catch {
        break;
      }
    }
    await never();
  },
};

let cancelled = () => undefined;

if (behaviour === 'never answers') await never();
if (behaviour === 'speaks another version') {
  process.stdin.once('data', () => raw('{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":2}}'));
  await never();
}

agent({ name: 'scripted' })
  .onRequest(methods.agent.initialize, () => ({ protocolVersion: 1, agentCapabilities: {} }))
  .onRequest(methods.agent.session.new, () => {
    if (behaviour === 'wants a login') throw RequestError.authRequired();
    return { sessionId: 's1' };
  })
  .onRequest(methods.agent.session.prompt, async ({ params, client }) => {
    if (behaviour === 'repeats its prompt') writeFileSync('/repository/docs/a.md', params.prompt[0].text);
    const stopReason = await BEHAVIOURS[behaviour]?.(talker(client, params.sessionId, params.prompt[0].text));
    return { stopReason: stopReason ?? 'end_turn' };
  })
  .onNotification(methods.agent.session.cancel, () => cancelled())
  .connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin)));
