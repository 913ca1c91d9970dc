import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { Finding } from '#contracts';
import { startRedisServer, type RedisServer } from '../../libs/event-store/test/redis-server.js';
import type { Api } from '../harness/api.js';
import {
  barriersOf,
  BROWSER_TIMEOUT_MS,
  describeInBrowser,
  openBrowser,
  openPage,
  overflowOf,
  problemsOf,
  screenshot,
  signIn,
} from '../harness/browser.js';
import { openPlace, type Place } from '../harness/place.js';
import { launch, type Service } from '../harness/service.js';
import { Story } from '../harness/stories.js';

const HOSTILE =
  '\u001b[2J\u001b]0;owned\u0007<img src=x onerror="document.title=\'owned\'"> \u202egnp.exe ' + 'x'.repeat(300);

const SOURCES = ['links', 'markdown', 'spelling', 'lint', 'todo', 'coverage'] as const;
const FOLDERS = ['docs', 'src', 'lib/very/deep', 'packages/[id]'];

/** Many, of all kinds, everywhere; the last one hostile. */
const findings = (count: number): Finding[] =>
  Array.from({ length: count }, (_, index): Finding => {
    const source = SOURCES[index % SOURCES.length] ?? 'links';
    const last = index === count - 1;
    return {
      findingId: index.toString(16).padStart(16, '0'),
      source,
      rule: last ? `<b>rule</b>${HOSTILE}`.slice(0, 120) : `${source}-rule`,
      path: `${FOLDERS[Math.floor(index / 10) % FOLDERS.length]}/page-${Math.floor(index / 40)}.md`,
      range: { startLine: (index % 40) + 1, endLine: (index % 40) + 1 },
      excerpt: last ? HOSTILE.slice(0, 400) : `A line with fault ${index}.`,
      message: last ? HOSTILE : `Fault ${index} is worth mending.`,
      how: 'by hand',
      confidence: index % 3 === 0 ? 'certain' : 'likely',
      ...(index % 2 === 0 ? { fixer: 'links' } : {}),
    };
  });

describeInBrowser('all that was found', () => {
  let redis: RedisServer;
  let place: Place;
  let service: Service;
  let api: Api;
  let browser: Browser;

  beforeAll(async () => {
    redis = await startRedisServer('--appendfsync', 'always');
    place = await openPlace({ REDIS_URL: `unix://${redis.path}`, HYPER_RUN_ROLES: 'api' });
    service = launch(place);
    browser = await openBrowser();
    api = await service.ready;
  }, BROWSER_TIMEOUT_MS);
  afterAll(async () => {
    await browser?.close();
    await service?.stop();
    await redis?.end();
    await place?.remove();
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });

  const enter = async (repository = 'r-s-few'): Promise<Page> => {
    const page = await openPage(browser);
    await signIn(page, api, `/findings?repository=${repository}`);
    return page;
  };
  const scan = async (sprintId: string, count: number) => {
    const found = { dataDirectory: place.dataDirectory, findings: findings(count) };
    await (await Story.begin(redis.path, { sprintId, kind: sprintId, scan: found })).close();
  };
  const shown = (page: Page, text: string) => page.getByRole('search').getByText(text).waitFor();

  it('is nothing before a repository was read, and says how to get there', async () => {
    const page = await enter();
    await page.getByText('No repository yet').waitFor();
    await screenshot(page, 'findings-none');
    await page.getByRole('button', { name: 'Plan a sprint' }).click();
    await page.getByRole('dialog').getByText('Look for work').waitFor();
  });

  it('can be searched, grouped and walked through by keyboard alone, ten thousand as well as ten', async () => {
    await scan('s-many', 10_000);
    const page = await enter('r-s-many');
    await shown(page, '10,000 of 10,000 shown');
    expect(await page.getByRole('treeitem').count()).toBeLessThan(60);
    await page.keyboard.press('/');
    await page.keyboard.type('fault 4242 is');
    await shown(page, '1 of 10,000 shown');
    for (let stops = 0; !(await page.getByRole('tree').evaluate((tree) => tree === document.activeElement)); stops++) {
      expect(stops).toBeLessThan(20);
      await page.keyboard.press('Tab');
    }
    const current = page.locator('[aria-selected="true"]');
    expect(await current.innerText()).toContain('page-106.md');
    await page.keyboard.press('ArrowLeft');
    expect(await page.getByRole('treeitem').count()).toBe(1);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    expect(await current.innerText()).toContain('Fault 4242 is worth mending.');
    await page.keyboard.press('Enter');
    const detail = page.getByRole('region', { name: 'Finding' });
    await detail.getByText('A line with fault 4242.').waitFor();
    await page.keyboard.press('p');
    await page.getByRole('dialog').waitFor();
    expect(await page.getByRole('textbox', { name: /Scope/ }).inputValue()).toBe('docs/page-106.md');
    expect(problemsOf(page)).toEqual([]);
  });

  it('leads to a plan with a wider scope, from what lies outside', async () => {
    await scan('s-few', 200);
    const page = await enter();
    await page.getByRole('combobox', { name: 'Show' }).selectOption('outside');
    await page.getByRole('combobox', { name: 'Group' }).selectOption('source');
    await page.getByRole('searchbox', { name: 'Part of the path' }).fill('packages/');
    await page.getByRole('treeitem', { level: 2 }).first().click();
    await page.getByText('outside the scope of the last plan: docs/**').waitFor();
    await page.getByRole('button', { name: 'Widen the scope' }).click();
    expect(await page.getByRole('textbox', { name: /Scope/ }).inputValue()).toBe('docs/**\npackages/[id]/**');
  });

  it('is dismissed with a reason, at once and in every browser', async () => {
    const [page, other] = [await enter(), await enter()];
    for (const each of [page, other]) {
      await each.getByRole('searchbox', { name: 'Search the findings' }).fill('fault 77 is');
      await shown(each, '1 of 200 shown');
    }
    await page.getByRole('treeitem', { level: 2 }).click();
    await page.getByRole('button', { name: 'Dismiss …' }).click();
    await page.getByLabel('Why').fill('It is meant so.');
    await page.getByRole('button', { name: 'Dismiss it' }).click();
    for (const each of [page, other]) await each.getByText('No finding passes this filter.').waitFor();
    await other.getByRole('combobox', { name: 'Show' }).selectOption('dismissed');
    await other.getByRole('treeitem', { level: 2 }).getByText('dismissed').waitFor();
  });

  it('is text, whatever it says, without barriers, in the dark and in the light, wide and narrow', async () => {
    const page = await enter();
    await page.getByRole('searchbox', { name: 'Search the findings' }).fill('onerror');
    await shown(page, '1 of 200 shown');
    await page.getByRole('treeitem', { level: 2 }).click();
    const detail = page.getByRole('region', { name: 'Finding' });
    const text = await detail.innerText();
    expect(text).toContain('<img src=x onerror=');
    for (const control of ['\u001b', '\u202e', '\u0007']) expect(text).not.toContain(control);
    expect(await page.title()).toBe('Findings · HyperRun');
    expect(await barriersOf(page, 'findings-one')).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('searchbox', { name: 'Search the findings' }).fill('');
    await shown(page, '199 of 200 shown');
    expect(await overflowOf(page)).toBe(0);
    await screenshot(page, 'findings-narrow');
    await page.setViewportSize({ width: 1280, height: 900 });
    await screenshot(page, 'findings');
    expect(problemsOf(page)).toEqual([]);
  });
});
