import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareFingerprints } from '#git';
import { leftovers } from '../harness/place.js';
import { fingerprintOf, git, makeRepository, ourBranches } from '../harness/repositories.js';
import { geminiResponses, type Turn } from './providers.js';
import { carryOut, dataOf, openStage, PATIENT, programOf, type Stage } from './stage.js';

const FILES = {
  'README.md': '# Atlas\n',
  'docs/index.md': '# Atlas\n\nBegin here. <!-- TODO: remove this note -->\n',
  'docs/words.md': '# Words\n',
  '.hyper-run.json': '{ "verify": ["grep -q Atlas docs/index.md"], "agents": { "todo": "gemini" } }\n',
};
const INDEX = '/repository/docs/index.md';

const read: Turn = { tool: 'read_file', input: { file_path: INDEX } };
const mend: Turn = {
  tool: 'replace',
  input: {
    file_path: INDEX,
    instruction: 'Remove the note.',
    old_string: 'Begin here. <!-- TODO: remove this note -->',
    new_string: 'Begin here.',
  },
};
const write = (path: string): Turn => ({ tool: 'write_file', input: { file_path: path, content: 'pwned\n' } });
const said: Turn = { text: 'Removed the note.' };

/** As the preset starts it, and with answers of its own instead of a model. */
const gemini = (...turns: readonly Turn[]) => ({
  type: 'acp',
  does: ['todo'],
  command: [
    ...[programOf('HYPER_RUN_TEST_GEMINI'), '--acp', '--fake-responses-non-strict', '/home/agent/responses.jsonl'],
  ],
  env: { GEMINI_API_KEY: 'none', GEMINI_CLI_TRUST_WORKSPACE: 'true' },
  home: {
    'responses.jsonl': geminiResponses(turns),
    '.gemini/settings.json': JSON.stringify({
      general: { enableAutoUpdate: false },
      privacy: { usageStatisticsEnabled: false },
      security: { auth: { selectedType: 'gemini-api-key' } },
    }),
  },
  authMethod: 'gemini-api-key',
  ...PATIENT,
});

describe('Gemini CLI, with answers of its own', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage({
      gemini: gemini(read, mend, said),
      poisoned: gemini(read, write('/repository/README.md'), write('/repository/docs/words.md'), said),
    });
  }, 120_000);
  afterAll(() => stage?.close());

  it('goes the whole way, and every write of it is one that we made', async () => {
    const repository = await makeRepository(stage.place.repositories, 'atlas', FILES);
    const { events, exported, sprint, taskId } = await carryOut(stage.api, { repository }, 'gemini', 'docs/index.md');
    expect(sprint.tasks.find((one) => one.taskId === taskId)).toMatchObject({ status: 'passed' });
    expect(await git(repository, 'show', `hyper-run/${taskId}:docs/index.md`)).toBe('# Atlas\n\nBegin here.');
    expect(dataOf(events, 'action.file-written')).toMatchObject([{ path: 'docs/index.md', origin: 'observed' }]);
    expect(dataOf(events, 'action.permission-answered').every(({ outcome }) => outcome === 'allowed')).toBe(true);
    expect(dataOf(events, 'action.message-said').map(({ text }) => text)).toContain('Removed the note.');
    expect(exported.verified.valid).toBe(true);
  });

  it('that is told by what it read to write elsewhere is refused before anything is written', async () => {
    const repository = await makeRepository(stage.place.repositories, 'poisoned', {
      ...FILES,
      '.hyper-run.json': FILES['.hyper-run.json'].replace('gemini', 'poisoned'),
    });
    const before = await fingerprintOf(repository);
    const { events, sprint, taskId } = await carryOut(stage.api, { repository }, 'poisoned', 'docs/index.md');
    expect(sprint.tasks.find((one) => one.taskId === taskId)?.status).toBe('failed');
    const refused = dataOf(events, 'task.tool-refused').map(({ path, code }) => [path, code]);
    expect(refused).toEqual([
      ['README.md', 'scope.violated'],
      ['docs/words.md', 'scope.violated'],
    ]);
    expect(await ourBranches(repository)).toEqual([]);
    expect(compareFingerprints(before, await fingerprintOf(repository))).toEqual([]);
    expect(await leftovers(stage.place)).toEqual([]);
  });
});
