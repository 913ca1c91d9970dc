import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { locateProgram, programOf, shownProgram } from './program.js';

let folder: string;
const program = async (path: string) => {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), '#!/bin/sh\n');
  await chmod(join(folder, path), 0o755);
};

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'hyper-run-program-')));
  await program('lib/node_modules/@a/coder/bin/coder.js');
  await program('tool/bin/alone');
  await mkdir(join(folder, 'bin'));
  await symlink('../lib/node_modules/@a/coder/bin/coder.js', join(folder, 'bin/coder'));
  await symlink(join(folder, 'tool'), join(folder, 'current'));
  await writeFile(join(folder, 'bin/not-executable'), '');
});
afterAll(() => rm(folder, { recursive: true }));

const env = () => ({ PATH: `relative:/nowhere:${join(folder, 'bin')}` });

describe('the program of an agent', () => {
  it('is found on the PATH of the service, or where its path says', async () => {
    const coder = join(folder, 'lib/node_modules/@a/coder/bin/coder.js');
    expect(await locateProgram('coder', env())).toBe(coder);
    expect(await locateProgram(join(folder, 'bin/coder'), {})).toBe(coder);
  });

  it.each(['not-executable', 'nothing', '/nowhere/coder'])('is missing where %s is none', (name) =>
    expect(locateProgram(name, env())).rejects.toMatchObject({
      code: 'agent.program-missing',
      message: expect.stringContaining(name),
    }),
  );

  it('is shown with the packages that it lies among, alone, or not at all where the sandbox has it', () => {
    expect(shownProgram('/home/ada/lib/node_modules/@a/coder/node_modules/b/bin.js', [])).toEqual({
      path: '/opt/agent/node_modules/@a/coder/node_modules/b/bin.js',
      readOnly: [{ host: '/home/ada/lib/node_modules', inside: '/opt/agent/node_modules' }],
    });
    expect(shownProgram('/home/ada/bin/alone', [])).toEqual({
      path: '/opt/agent/bin/alone',
      readOnly: [{ host: '/home/ada/bin/alone', inside: '/opt/agent/bin/alone' }],
    });
    expect(shownProgram('/usr/bin/coder', [])).toEqual({ path: '/usr/bin/coder', readOnly: [] });
    expect(shownProgram('/a/real/bin/x', [{ host: '/a/real', inside: '/a/link' }])).toEqual({
      path: '/a/link/bin/x',
      readOnly: [],
    });
  });

  it('has its words filled in, once', async () => {
    const definition = {
      type: 'command' as const,
      command: ['coder', '-m', '{model}', '--url={modelUrl}', '{prompt}', '{paths}', '{other}'],
      env: { KEY: '{modelKey}' },
      home: { '.rc': '{"url":"{modelUrl}"}' },
      mounts: [join(folder, 'current')],
      format: 'text' as const,
      prompt: 'argument' as const,
      model: { provider: 'ollama' as const, name: 'm', baseUrl: 'http://localhost:1' },
    };
    const model = { baseUrl: 'http://127.0.0.1:9/v1', dummyKey: 'dummy', model: 'm-1' };
    const made = await programOf(definition, { prompt: 'Say {model}.', paths: ['/r/a', '/r/b'], model, env: env() });
    expect(made).toEqual({
      argv: [
        '/opt/agent/node_modules/@a/coder/bin/coder.js',
        ...['-m', 'm-1', '--url=http://127.0.0.1:9/v1', 'Say {model}.', '/r/a', '/r/b', '{other}'],
      ],
      env: { KEY: 'dummy' },
      home: { '.rc': '{"url":"http://127.0.0.1:9/v1"}' },
      readOnly: [
        { host: join(folder, 'lib/node_modules'), inside: '/opt/agent/node_modules' },
        { host: join(folder, 'tool'), inside: join(folder, 'current') },
      ],
    });
    await expect(programOf(definition, { env: env() })).rejects.toMatchObject({ code: 'agent.no-model' });
    await expect(programOf({ ...definition, mounts: ['/nowhere'] }, { model, env: env() })).rejects.toMatchObject({
      code: 'agent.program-missing',
    });
  });
});
