import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { hyperRun } from '../context.fixture.js';

let folder: string;
let bin: string;
let file: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hyper-run-add-'));
  bin = join(folder, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'opencode'), '#!/bin/sh\n');
  await chmod(join(bin, 'opencode'), 0o755);
});
beforeEach(async () => {
  const data = join(folder, 'data');
  await rm(data, { recursive: true, force: true });
  file = join(data, 'agents.json');
  env = { PATH: bin, HYPER_RUN_DATA_DIR: data };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...words: string[]) => hyperRun(['agents', ...words], undefined, env);
const written = async () => JSON.parse(await readFile(file, 'utf8')) as Record<string, object>;

describe('agents add', () => {
  it('writes an agent that calls its model through the service, and says what is still to be done', async () => {
    const { code, lines } = await run('add', 'opencode', '--model', 'gpt-5');
    expect(code).toBe(0);
    expect(await written()).toEqual({
      opencode: expect.objectContaining({
        type: 'acp',
        command: ['opencode', 'acp', '--cwd', '/repository'],
        model: {
          provider: 'openai-compatible',
          name: 'gpt-5',
          baseUrl: 'https://api.openai.com/v1',
          credential: 'OPENAI_API_KEY',
        },
      }),
    });
    expect(lines.join('\n')).toMatch(/needs its key in OPENAI_API_KEY[\s\S]*next start/);
    expect(lines.join('\n')).not.toContain('npm install');
    expect((await stat(file)).mode & 0o077).toBe(0);
  });

  it('takes another name, address and key, or none', async () => {
    await run('add', 'opencode', '-m', 'qwen', '--as', 'local', '--base-url', 'http://127.0.0.1:11434/v1', '--no-credential'); // prettier-ignore
    await run('add', 'claude', '-m', 'best', '--credential', 'TEAM_KEY');
    expect(await written()).toEqual({
      local: expect.objectContaining({
        model: { provider: 'openai-compatible', name: 'qwen', baseUrl: 'http://127.0.0.1:11434/v1' },
      }),
      claude: expect.objectContaining({ model: expect.objectContaining({ credential: 'TEAM_KEY' }) }),
    });
  });

  it('leaves alone what is there, unless it is to be replaced', async () => {
    await run('add', 'opencode', '-m', 'one');
    const { code, message } = await run('add', 'opencode', '-m', 'two');
    expect([code, message]).toEqual([2, expect.stringMatching(/already.*--replace/)]);
    expect(JSON.stringify(await written())).not.toContain('"two"');
    expect((await run('add', 'opencode', '-m', 'two', '--replace')).code).toBe(0);
    expect(JSON.stringify(await written())).toContain('"two"');
  });

  it('makes a token for a remote agent, shows it once, and keeps only its hash', async () => {
    const { code, lines } = await run('add', 'remote', '--as', 'mine');
    const [, token = ''] = /shown only now: (\S{43})$/m.exec(lines.join('\n')) ?? [];
    const tokenHash = createHash('sha256').update(token).digest('hex');
    expect([code, await written()]).toEqual([0, { mine: { type: 'remote', tokenHash } }]);
    expect(await readFile(file, 'utf8')).not.toContain(token);
    expect((await run('add', 'remote', '-m', 'gpt-5')).message).toMatch(/from where it is/);
  });

  it('writes nothing where the file, the name or the address is not as it has to be', async () => {
    expect((await run('add', 'opencode', '-m', 'x', '--as', 'Not A Name')).message).toMatch(/1 to 36 characters/);
    expect((await run('add', 'opencode', '-m', 'x', '--base-url', 'ftp://x')).message).toMatch(/model\.baseUrl/);
    expect((await run('add', 'nobody', '-m', 'x')).message).toMatch(/known: opencode, gemini, claude, codex/);
    expect((await run('add', 'opencode')).message).toMatch(/--model/);
    await expect(readFile(file)).rejects.toThrow('ENOENT');
  });
});

describe('agents kinds', () => {
  it('tells what is installed, what is added, and the line that installs the rest', async () => {
    await run('add', 'codex', '-m', 'x');
    const { lines } = await run('kinds');
    const of = (kind: string) => lines.find((line) => line.startsWith(`${kind} `));
    expect(of('opencode')).toMatch(/acp +installed: hyper-run agents add opencode --model <name>$/);
    expect(of('gemini')).toMatch(/not installed: npm install -g @google\/gemini-cli$/);
    expect(of('codex')).toMatch(/added$/);
    const [json = ''] = (await run('kinds', '--json')).lines;
    expect(JSON.parse(json)).toContainEqual(expect.objectContaining({ kind: 'opencode', installed: join(bin, 'opencode') })); // prettier-ignore
  });
});
