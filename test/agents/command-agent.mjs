// A command line that prints what its argument says, as claude, codex, gemini and opencode print it. Runs in the sandbox.
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync, writeSync } from 'node:fs';

const [behaviour, ...words] = process.argv.slice(2);
const print = (...messages) => messages.forEach((message) => console.log(JSON.stringify(message)));
const never = () => new Promise((resolve) => setTimeout(resolve, 2 ** 30));
const mend = () => appendFileSync('docs/a.md', 'mended\n');

const BEHAVIOURS = {
  claude() {
    const usage = { input_tokens: 100, output_tokens: 20, cache_read_input_tokens: 5 };
    print(
      { type: 'system', subtype: 'init', session_id: 's', tools: ['Edit'] },
      { type: 'assistant', message: { id: 'm1', content: [{ type: 'thinking', thinking: 'A typo.' }], usage } },
      { type: 'assistant', message: { id: 'm1', content: [{ type: 'text', text: 'I mend it.' }], usage } },
      {
        type: 'assistant',
        message: {
          id: 'm1',
          content: [{ type: 'tool_use', id: 't1', name: 'Edit', input: { file_path: '/repository/docs/a.md' } }],
          usage,
        },
      },
    );
    console.log('a warning that is no JSON');
    mend();
    print(
      { type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: 't1', content: 'edited' }] } },
      { type: 'of_tomorrow', anything: [1] },
      {
        type: 'assistant',
        message: { id: 'm2', content: [{ type: 'tool_use', id: 't2', name: 'Bash', input: { command: 'false' } }] },
      },
      {
        type: 'user',
        message: { content: [{ type: 'tool_result', tool_use_id: 't2', content: 'no', is_error: true }] },
      },
      {
        type: 'result',
        subtype: 'success',
        is_error: false,
        result: 'Mended.',
        total_cost_usd: 0.5,
        usage: { input_tokens: 300, output_tokens: 50 },
      },
    );
  },
  codex() {
    print(
      { type: 'thread.started', thread_id: 't' },
      { type: 'turn.started' },
      { type: 'item.completed', item: { id: 'i0', type: 'reasoning', text: 'A typo.' } },
      { type: 'item.updated', item: { id: 'i1', type: 'todo_list', items: [{ text: 'Mend', completed: false }] } },
      { type: 'item.started', item: { id: 'i2', type: 'command_execution', command: 'ls', status: 'in_progress' } },
      {
        type: 'item.completed',
        item: {
          id: 'i2',
          type: 'command_execution',
          command: 'ls',
          aggregated_output: 'docs',
          exit_code: 0,
          status: 'completed',
        },
      },
    );
    mend();
    print(
      {
        type: 'item.completed',
        item: {
          id: 'i3',
          type: 'file_change',
          changes: [{ path: '/repository/docs/a.md', kind: 'update' }],
          status: 'completed',
        },
      },
      {
        type: 'item.completed',
        item: {
          id: 'i4',
          type: 'command_execution',
          command: 'false',
          aggregated_output: '',
          exit_code: 1,
          status: 'failed',
        },
      },
      { type: 'item.completed', item: { id: 'i5', type: 'agent_message', text: 'Mended.' } },
      { type: 'turn.completed', usage: { input_tokens: 300, cached_input_tokens: 9, output_tokens: 50 } },
    );
  },
  gemini() {
    print(
      { type: 'init', session_id: 's', model: 'm' },
      { type: 'message', role: 'user', content: 'the prompt' },
      { type: 'message', role: 'assistant', content: 'I me', delta: true },
      { type: 'message', role: 'assistant', content: 'nd it.', delta: true },
      { type: 'tool_use', tool_name: 'replace', tool_id: 't1', parameters: { file_path: '/repository/docs/a.md' } },
    );
    mend();
    print(
      { type: 'tool_result', tool_id: 't1', status: 'success', output: 'ok' },
      { type: 'tool_use', tool_name: 'run_shell_command', tool_id: 't2', parameters: { command: 'false' } },
      { type: 'tool_result', tool_id: 't2', status: 'error', error: { type: 'x', message: 'no' } },
      { type: 'error', severity: 'warning', message: 'slow' },
      { type: 'result', status: 'success', stats: { total_tokens: 350, input_tokens: 300, output_tokens: 50 } },
    );
  },
  opencode() {
    print(
      { type: 'step_start', timestamp: 1, sessionID: 's', part: {} },
      { type: 'text', timestamp: 1, sessionID: 's', part: { text: 'I mend it.' } },
      {
        type: 'tool_use',
        part: {
          tool: 'edit',
          callID: 't1',
          state: { status: 'completed', input: { filePath: '/repository/docs/a.md' }, output: 'ok' },
        },
      },
      {
        type: 'tool_use',
        part: { tool: 'bash', callID: 't2', state: { status: 'error', input: { command: 'false' }, error: 'no' } },
      },
    );
    mend();
    print({
      type: 'step_finish',
      part: { reason: 'stop', cost: 0.5, tokens: { input: 300, output: 40, reasoning: 10 } },
    });
  },
  text() {
    console.log('I mend it.');
    console.log('{"is": "text too"}');
    mend();
  },
  hears() {
    writeFileSync('docs/a.md', words.join('\n'));
  },
  'hears its input'() {
    writeFileSync('docs/a.md', readFileSync(0, 'utf8'));
  },
  async 'goes in circles'() {
    for (let call = 0; ; call += 1) {
      const input = { command: 'npm test' };
      print({
        type: 'assistant',
        message: { id: `m${call}`, content: [{ type: 'tool_use', id: `t${call}`, name: 'Bash', input }] },
      });
      print({
        type: 'user',
        message: { content: [{ type: 'tool_result', tool_use_id: `t${call}`, content: 'the same' }] },
      });
      if (call > 20) await never();
    }
  },
  'resolves its note'() {
    const [, path] = /^- (\S+):\d+ TODO/m.exec(words.join('\n')) ?? [];
    writeFileSync(path, readFileSync(path, 'utf8').replace(/ *<!-- TODO.*?-->/g, ''));
  },
  'says that it failed'() {
    print({ type: 'result', subtype: 'error_max_turns', is_error: true, result: 'Too many turns.' });
  },
  'ends with 3'() {
    process.stderr.write('no such model\n');
    process.exitCode = 3;
  },
  'is a daemon'() {
    spawn('sh', ['-c', 'sleep 1000'], { detached: true, stdio: 'inherit' }).unref();
    mend();
  },
  async hangs() {
    await never();
  },
  async forks() {
    for (let child = 0; child < 3000; child += 1)
      spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' })
        .once('error', () => undefined)
        .unref();
    await never();
  },
  floods() {
    for (;;) writeSync(1, `${'x'.repeat(1 << 16)}\n`);
  },
  loops() {
    for (;;);
  },
};

await BEHAVIOURS[behaviour]?.();
