import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { buildExample } from '../../cli/demo/history.js';
import { acpAgent, withAgents } from '../harness/agents.js';
import type { Api } from '../harness/api.js';
import {
  barriersOf,
  BROWSER_TIMEOUT_MS,
  describeInBrowser,
  openBrowser,
  openPage,
  problemsOf,
  screenshot,
  signIn,
} from '../harness/browser.js';
import { openPlace, type Place } from '../harness/place.js';
import { FAULTS, git, makeRepository, ourBranches } from '../harness/repositories.js';
import { launch, type Service } from '../harness/service.js';
import { propose, type PlanAnswer } from '../harness/sprints.js';

/** A sprint with its verification, on a machine that has other things to do. */
const PATIENCE_MS = 60_000;
const JOB_TIMEOUT_MS = 180_000;

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const HOSTILE_NAME = 'docs/<img src=x onerror=alert(1)>.md';
const CONTROLS = ['\u001b', '\u202e', '\u0007'];

describeInBrowser('somebody who decides', () => {
  let place: Place;
  let service: Service;
  let api: Api;
  let browser: Browser;

  beforeAll(async () => {
    place = await openPlace();
    const agents = { asker: acpAgent('asks first', { name: 'Asker', does: ['todo'] }) };
    service = launch(place, await withAgents(place, agents));
    await buildExample('star-ledger', join(place.repositories, 'star-ledger'), EXAMPLES);
    browser = await openBrowser();
    api = await service.ready;
  }, BROWSER_TIMEOUT_MS);
  afterAll(async () => {
    await browser?.close();
    await service?.stop();
    await place?.remove();
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });

  const enter = async (route = '/'): Promise<Page> => {
    const page = await openPage(browser);
    page.setDefaultTimeout(PATIENCE_MS);
    await signIn(page, api, route);
    return page;
  };
  const task = (page: Page, title: RegExp) =>
    page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: title }) });
  const execute = (page: Page) => page.getByRole('region', { name: 'Decision' }).getByRole('button', { name: /^Run/ });
  const row = (page: Page, title: RegExp) => page.getByRole('row', { name: title });

  it(
    'comes from a link to verified branches by clicks alone, and sees why one is none',
    async () => {
      const page = await enter();
      await page.getByRole('link', { name: 'Plan a sprint' }).click();
      await page.getByLabel('Folder of the repository').fill(join(place.repositories, 'star-ledger'));
      await page.getByText('Budgets', { exact: true }).click();
      await page.getByRole('spinbutton', { name: 'Tool calls each task' }).fill('500');
      expect(await barriersOf(page, 'plan-dialog')).toEqual([]);
      await page.getByRole('button', { name: 'Look for work' }).click();
      await execute(page).waitFor();
      await page.getByText('500 tool calls').waitFor();
      await page
        .getByLabel(/^Excerpt of/)
        .first()
        .waitFor();
      expect(await barriersOf(page, 'plan')).toEqual([]);

      const spelling = task(page, /misspelling/);
      await spelling.getByRole('button', { name: /^Edit/ }).click();
      await spelling.getByLabel('Title').fill('Mend the words');
      expect(await execute(page).isDisabled()).toBe(true);
      await spelling.getByRole('button', { name: 'Save' }).click();
      await task(page, /Mend the words/)
        .getByRole('button', { name: /^Move .* up/ })
        .click();
      await page.getByText(/^Task . of 3 now/).waitFor({ state: 'attached' });
      await execute(page).click();

      await page.getByText('completed', { exact: true }).first().waitFor();
      await row(page, /broken link/)
        .getByRole('link')
        .click();
      await page.getByText('It passed the gate of its scope and its verification.').waitFor();
      await page.getByText(/^git -C .* merge hyper-run/).waitFor();
      await page
        .getByRole('table', { name: /^Changes of/ })
        .first()
        .waitFor();
      expect(await barriersOf(page, 'task-passed')).toEqual([]);
      await page.getByRole('link', { name: /^←/ }).click();
      await row(page, /Mend the words/)
        .getByRole('link')
        .click();
      await page.getByLabel('Why it failed').getByText('the glossary is no longer what is printed').waitFor();
      expect(await barriersOf(page, 'task-failed')).toEqual([]);
      expect(await ourBranches(join(place.repositories, 'star-ledger'))).toHaveLength(2);
      await page.getByRole('link', { name: 'Bridge', exact: true }).click();
      await page.getByRole('link', { name: 'See what it made' }).waitFor();
      expect(problemsOf(page)).toEqual([]);
    },
    JOB_TIMEOUT_MS,
  );

  it(
    'does the same by keyboard alone',
    async () => {
      const page = await enter();
      /** By Tab alone, as far as it takes. */
      const reach = async (target: Locator) => {
        await target.waitFor();
        for (let stops = 0; !(await target.evaluate((element) => element === document.activeElement)); stops++) {
          if (stops === 150) throw new Error(`Tab does not lead to ${String(target)}.`);
          await page.keyboard.press('Tab');
        }
      };
      const push = async (target: Locator, key = 'Enter') => {
        await reach(target);
        await page.keyboard.press(key);
      };
      await page.getByRole('link', { name: 'See what it made' }).waitFor();
      await page.keyboard.press('g');
      await page.keyboard.press('s');
      await push(page.getByRole('button', { name: 'Plan a sprint' }));
      await reach(page.getByRole('textbox', { name: /^Scope/ }));
      await page.keyboard.press('Control+a');
      await page.keyboard.type('docs/**');
      await push(page.getByRole('button', { name: 'Look for work' }));
      await execute(page).waitFor();
      await push(page.getByRole('button', { name: 'Edit the scope' }));
      await page.getByRole('form', { name: 'Edit the scope' }).getByRole('textbox').waitFor();
      await page.keyboard.press('Control+a');
      await page.keyboard.type('docs/guides/**');
      await push(page.getByRole('button', { name: 'Save' }));
      await page.getByRole('form', { name: 'Edit the scope' }).waitFor({ state: 'hidden' });
      await push(page.getByRole('checkbox', { name: /^Run/ }).first(), 'Space');
      await push(page.getByRole('checkbox', { name: /^Run/ }).first(), 'Space');
      await push(execute(page));
      await page.getByText('completed', { exact: true }).first().waitFor();
      await push(
        page
          .getByRole('row', { name: /passed/ })
          .first()
          .getByRole('link'),
      );
      await page.getByText(/^git -C .* merge hyper-run/).waitFor();
      await reach(page.getByRole('button', { name: 'Copy: Merge with git' }));
      expect(problemsOf(page)).toEqual([]);
    },
    JOB_TIMEOUT_MS,
  );

  describe('about what agents and others say', () => {
    let repository: string;
    let plan: PlanAnswer;

    beforeAll(async () => {
      repository = await makeRepository(place.repositories, 'hostile', {
        ...FAULTS,
        'docs/index.md': '# Atlas\n\nBegin here. <!-- TODO: \u001b[31mremove\u001b[0m <b>this</b> \u202enote -->\n',
        [HOSTILE_NAME]: `# Words\n\nYou will recieve a map. ${'x'.repeat(100_000)}\n`,
        '.hyper-run.json': '{ "verify": ["true"] }\n',
      });
      plan = await propose(api, { repository, scope: ['docs/**'], maxTasks: 4 });
    }, PATIENCE_MS);

    it('approves no plan that was changed since it was read, and is told what changed', async () => {
      const page = await enter(`/sprints/${plan.planId}/plan`);
      await execute(page).waitFor();
      const text = await page.getByRole('main').innerText();
      expect(text).toContain(HOSTILE_NAME);
      for (const control of CONTROLS) expect(text).not.toContain(control);
      const drop = plan.tasks.filter(({ kind }) => kind !== 'todo' && kind !== 'spelling').map(({ taskId }) => taskId);
      const edited = await api.patch(
        `/hyper-running/plans/${plan.planId}`,
        { drop },
        { 'if-match': `"${plan.planHash}"` },
      );
      expect(edited.status).toBe(200);
      const changed = page.getByRole('alert').filter({ hasText: 'changed elsewhere' });
      await changed.getByText('was dropped').first().waitFor();
      expect(await execute(page).isDisabled()).toBe(true);
      await screenshot(page, 'plan-changed');
      await page.getByRole('button', { name: 'Show the new plan' }).click();
      await page.getByRole('button', { name: /^Run all 2 tasks/ }).waitFor();
      expect(await page.title()).toBe('Sprints · HyperRun');
      expect(problemsOf(page)).toEqual([]);
    });

    it(
      'answers the question of an agent, whatever it says besides, and requests changes to what it made',
      async () => {
        const page = await enter(`/sprints/${plan.planId}/plan`);
        await execute(page).click();
        await row(page, /note/).getByText('blocked').waitFor();
        await page.goto(`${api.url}/#/`);
        await page.getByRole('link', { name: 'Answer' }).click();
        const question = page.getByRole('form', { name: 'The agent asks' });
        await question.getByText('Shall I? <img src=x onerror=').waitFor();
        for (const control of CONTROLS) expect(await page.getByRole('main').innerText()).not.toContain(control);
        expect(await barriersOf(page, 'task-asks')).toEqual([]);
        await question.getByLabel('A remark').fill('Go on.');
        await question.getByRole('button', { name: 'yes' }).click();
        await page.getByText('It passed the gate of its scope and its verification.').waitFor();
        expect(await page.title()).not.toContain('owned');
        await page.getByRole('button', { name: 'Request changes …' }).click();
        await page.getByLabel('Your comment').fill('Keep a blank line.');
        await page.getByRole('button', { name: 'Request the changes' }).click();
        await page.waitForURL((url) => !url.hash.includes(plan.planId));
        await row(page, /note/).getByText('blocked').waitFor();
        await row(page, /note/).getByRole('link').click();
        await page.getByText('Keep a blank line.').first().waitFor();
        await page.getByRole('button', { name: 'Discard the task …' }).click();
        await page.getByRole('button', { name: 'Discard the task', exact: true }).click();
        await page.getByText('discarded', { exact: true }).first().waitFor();
        expect(await git(repository, 'status', '--porcelain')).toBe('');
        expect(problemsOf(page)).toEqual([]);
      },
      JOB_TIMEOUT_MS,
    );

    it('rejects a plan with a reason that is kept', async () => {
      const { planId } = await propose(api, { repository, scope: ['docs/**'] });
      const page = await enter('/sprints');
      await page.getByRole('listitem').filter({ hasText: planId }).getByText('waits for you').waitFor();
      await page.goto(`${api.url}/#/`);
      await page.getByRole('link', { name: 'Review the plan' }).click();
      await page.getByRole('button', { name: 'Reject …' }).click();
      await page.getByLabel('Why (may be left out)').fill('Not before the release.');
      await page.getByRole('button', { name: 'Reject the plan' }).click();
      await page.getByText('Rejected by owner').waitFor();
      await page.getByText('Not before the release.').waitFor();
      await screenshot(page, 'plan-rejected');
      expect(problemsOf(page)).toEqual([]);
    });
  });
});
