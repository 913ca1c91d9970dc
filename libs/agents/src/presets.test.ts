import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readAgentsFile } from './agents-file.js';
import { configuredAgent } from './configured.js';
import { definitionOf, installedAt, mountsOf, presetOf, PRESETS } from './presets.js';
import { programOf } from './program.js';

const model = { baseUrl: 'http://127.0.0.1:7421/v1', dummyKey: 'opens-nothing', model: 'best' };

describe('a coding agent that is known by name', () => {
  it.each(PRESETS.map(({ kind }) => kind))('is one that agents.json can hold: %s', (kind) => {
    const preset = presetOf(kind);
    const text = JSON.stringify({ [kind]: definitionOf(preset, { model: 'best' }) });
    const definition = readAgentsFile(text, 'agents.json')[kind];
    expect(definition).toMatchObject({ type: preset.type, name: preset.name });
    expect(definition && configuredAgent(kind, definition).workplace).toBe('sandbox');
  });

  it.each(PRESETS.map(({ kind }) => kind))(
    'reaches its model through us, and is never given its key: %s',
    async (kind) => {
      const definition = definitionOf(presetOf(kind), { model: 'best' });
      const words = { prompt: 'Mend it.', paths: ['/repository/a.md'], model };
      const { argv, env, home } = await programOf(
        { ...definition, command: ['/bin/sh', ...definition.command] },
        words,
      );
      const all = JSON.stringify({ argv, env, home });
      expect(all).toContain(model.baseUrl);
      expect(all).toContain(model.dummyKey);
      expect(all).toContain('best');
      expect(all).not.toMatch(/\{(prompt|paths|model|modelUrl|modelKey)\}/);
      expect(all.includes('Mend it.')).toBe(definition.type === 'command');
    },
  );

  it('is found on the path, with the environment that a program of Python needs', async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'hyper-run-preset-')));
    try {
      const bin = join(folder, 'venv', 'bin');
      await mkdir(bin, { recursive: true });
      await writeFile(join(bin, 'aider'), '', { mode: 0o755 });
      const preset = presetOf('aider');
      expect(await installedAt(preset, { PATH: folder })).toBeUndefined();
      expect(await installedAt(preset, { PATH: bin })).toBe(join(bin, 'aider'));
      expect(await mountsOf(join(bin, 'aider'))).toEqual([]);
      await writeFile(join(folder, 'venv', 'pyvenv.cfg'), '');
      const mounts = await mountsOf(join(bin, 'aider'));
      expect(definitionOf(preset, { model: 'best', mounts })).toMatchObject({ mounts: [join(folder, 'venv')] });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
