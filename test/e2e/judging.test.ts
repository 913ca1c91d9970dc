import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { start, type RunningService } from '../../src/main.js';
import { Api } from '../harness/api.js';
import { openPlace, type Place } from '../harness/place.js';
import { makeRepository } from '../harness/repositories.js';
import { registerScriptedAgent, scriptFor, type Script } from '../harness/scripted-agent.js';
import { approvalOf, completed, propose, type PlanAnswer } from '../harness/sprints.js';

/** A page and the test that holds it, both with a misspelling: one task may change both. */
const PINNED_PAGE = {
  'docs/pages.test.mjs': `import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

// Whoever reads it is to recieve a title.
test('the page has a title', () => assert.match(readFileSync(new URL('words.md', import.meta.url), 'utf8'), /^# Words/));
`,
  'docs/words.md': '# Words\n\nYou will recieve a map.\n',
  '.hyper-run.json': '{ "verify": ["node --test docs/"] }\n',
};

describe('a task that may change the tests which judge it', () => {
  let place: Place;
  let service: RunningService;
  let api: Api;

  beforeAll(async () => {
    registerScriptedAgent();
    place = await openPlace();
    service = await start(place.settings);
    api = new Api(service.url ?? '', service.token);
  }, 60_000);
  afterAll(async () => {
    await service?.close();
    await place?.remove();
  });

  const settled = async (name: string, script: Script) => {
    const repository = await makeRepository(place.repositories, name, PINNED_PAGE);
    const plan = await propose(api, { repository });
    const [task] = plan.tasks;
    scriptFor(task?.paths[0] ?? '', script);
    const chosen = { tasks: [{ taskId: task?.taskId, agent: 'scripted' }] };
    const path = `/hyper-running/plans/${plan.planId}`;
    const edited = await api.patch<PlanAnswer>(path, chosen, { 'if-match': `"${plan.planHash}"` });
    await api.post('/hyper-running/execute', approvalOf(edited.body));
    return (await completed(api, plan.planId)).tasks;
  };

  it('fails by the tests of the base, however it bends its own', async () => {
    const tasks = await settled('bent', async ({ tools }) => {
      const text = (await tools.read('docs/words.md')) ?? '';
      await tools.write('docs/words.md', text.replace('# Words', '# Nonsense'));
      const judge = (await tools.read('docs/pages.test.mjs')) ?? '';
      await tools.write('docs/pages.test.mjs', judge.replace('/^# Words/', '/^# Nonsense/'));
    });
    expect(tasks).toMatchObject([{ status: 'failed', reason: expect.stringContaining('node --test docs/') }]);
  });

  it('fails by its own tests too', async () => {
    const tasks = await settled('broken', async ({ tools }) => {
      const judge = (await tools.read('docs/pages.test.mjs')) ?? '';
      await tools.write('docs/pages.test.mjs', judge.replace('/^# Words/', '/^# Other/'));
    });
    expect(tasks).toMatchObject([{ status: 'failed', reason: expect.stringContaining('node --test docs/') }]);
  });

  it('passes where both hold', async () => {
    expect(await settled('honest', () => Promise.resolve())).toMatchObject([{ status: 'passed' }]);
  });
});
