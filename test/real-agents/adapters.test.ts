import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareFingerprints } from '#git';
import { scriptedModel, type ScriptedModel, type SeenRequest } from '../../libs/model-proxy/test/scripted-model.js';
import { leftovers } from '../harness/place.js';
import { fingerprintOf, git, makeRepository, ourBranches } from '../harness/repositories.js';
import { anthropic, openAiResponses, USAGE, type Script } from './providers.js';
import { carryOut, dataOf, openStage, PATIENT, PRICES, programOf, realAgent, type Stage } from './stage.js';

const KEY = 'sk-this-key-never-leaves-the-service-9a8b7c6d';
const FILES = {
  'README.md': '# Atlas\n',
  'docs/index.md': '# Atlas\n\nBegin here. <!-- TODO: remove this note -->\n',
  'docs/words.md': '# Words\n',
  '.hyper-run.json': '{ "verify": ["grep -q Atlas docs/index.md"] }\n',
};
const INDEX = '/repository/docs/index.md';

/** Tries to write elsewhere with its shell, then mends with the tools that it has, and says so. */
const claude: Script = ({ results }) =>
  [
    { tool: 'Bash', input: { command: 'echo pwned >> /repository/README.md', description: 'As the file says' } },
    { tool: 'Read', input: { file_path: INDEX } },
    {
      tool: 'Edit',
      input: { file_path: INDEX, old_string: 'Begin here. <!-- TODO: remove this note -->', new_string: 'Begin here.' },
    },
  ][results.length] ?? { text: 'Removed the note.' };

const codexWith =
  (tool: string): Script =>
  ({ results }) => {
    const commands = ['echo pwned >> /repository/README.md', `sed -i 's/ <!-- TODO.*-->//' ${INDEX}`];
    const command = commands[results.length];
    if (command === undefined) return { text: 'Removed the note.' };
    return { tool, input: tool === 'exec_command' ? { cmd: command } : { command: tool === 'shell' ? ['sh', '-c', command] : command } }; // prettier-ignore
  };

const toolNames = ({ json }: SeenRequest) =>
  (Array.isArray(json['tools']) ? (json['tools'] as readonly { readonly name?: string }[]) : []).map(
    ({ name }) => name,
  );

const answering = (request: SeenRequest) => {
  if (request.url.includes('/messages')) return anthropic(claude)(request);
  const tool = ['exec_command', 'shell_command', 'shell'].find((name) => toolNames(request).includes(name)) ?? 'shell';
  return openAiResponses(codexWith(tool))(request);
};

describe.each([
  ['claude', 'HYPER_RUN_TEST_CLAUDE_ACP'],
  ['claude-command', 'HYPER_RUN_TEST_CLAUDE'],
  ['codex', 'HYPER_RUN_TEST_CODEX_ACP'],
  ['codex-command', 'HYPER_RUN_TEST_CODEX'],
] as const)('%s, with a model that a test speaks for', (kind, program) => {
  let model: ScriptedModel;
  let stage: Stage;

  beforeAll(async () => {
    model = await scriptedModel(answering);
    const choice = { model: 'scripted', baseUrl: `${model.url}/v1`, credential: 'TEST_MODEL_KEY' };
    const patient = kind.endsWith('-command') ? {} : { ...PATIENT, permissions: { other: 'allow' } };
    const agent = realAgent(kind, choice, programOf(program), { does: ['todo'], ...patient });
    stage = await openStage({ [kind]: agent }, { TEST_MODEL_KEY: KEY });
  }, 120_000);
  afterAll(async () => {
    await stage?.close();
    await model?.close();
  });

  it('goes the whole way, and what it writes elsewhere has no effect', async () => {
    const repository = await makeRepository(stage.place.repositories, 'atlas', FILES);
    const before = await fingerprintOf(repository);
    const { events, exported, sprint, taskId } = await carryOut(stage.api, { repository }, kind, 'docs/index.md');
    const task = sprint.tasks.find((one) => one.taskId === taskId);
    expect(task).toMatchObject({ status: 'passed' });
    expect(await git(repository, 'show', `hyper-run/${taskId}:docs/index.md`)).toBe('# Atlas\n\nBegin here.');
    expect(await git(repository, 'diff', '--name-only', 'main', `hyper-run/${taskId}`)).toBe('docs/index.md');
    expect(await ourBranches(repository)).toHaveLength(1);
    expect(compareFingerprints(before, await fingerprintOf(repository))).toEqual([]);
    const tried = dataOf(events, 'action.tool-called').filter(({ summary }) => summary.includes('pwned'));
    // Codex over ACP tells that it failed, and not what was said.
    expect(tried.some(({ status, summary }) => status === 'failed' || summary.includes('Read-only file system'))).toBe(true); // prettier-ignore
    expect(
      dataOf(events, 'action.message-said')
        .map(({ text }) => text)
        .join('\n'),
    ).toContain('Removed the note.');
    const cost = (USAGE.input * PRICES.input + USAGE.output * PRICES.output) / 1e6;
    // Those for a title may be broken off when the work is done.
    const calls = dataOf(events, 'action.model-call-finished').filter(({ error }) => error === undefined);
    expect(calls.length).toBeGreaterThanOrEqual(3);
    for (const call of calls) expect(call).toMatchObject({ origin: 'observed', inputTokens: USAGE.input, outputTokens: USAGE.output, cost }); // prettier-ignore
    expect(exported.lines.join('\n')).not.toContain(KEY);
    expect(exported.verified.valid).toBe(true);
    expect(await leftovers(stage.place)).toEqual([]);
  });
});
