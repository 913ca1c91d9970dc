import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { Finding, Oid } from '#contracts';
import { event } from '#domain';
import { startRedisServer, type RedisServer } from '../../../libs/event-store/test/redis-server.js';
import type { Api } from '../../harness/api.js';
import {
  barriersOfSizes,
  BROWSER_TIMEOUT_MS,
  describeInBrowser,
  openBrowser,
  openPage,
  openTab,
  signIn,
} from '../../harness/browser.js';
import { openPlace, type Place } from '../../harness/place.js';
import { git, makeRepository } from '../../harness/repositories.js';
import { launch, type Service } from '../../harness/service.js';
import { Story } from '../../harness/stories.js';

const MINUTES = 60_000;
const ROOMS = ['/', '/feed', '/sprints', '/findings', '/progress', '/health'];
const SPRINT = '/sprints/s-sizes';
const TASK = `${SPRINT}/tasks/s-sizes-t-1`;
const LONG = 'A sentence that goes on for a while, so that it is seen how wide a line may become. '.repeat(6);

const finding = (index: number): Finding => ({
  findingId: createHash('sha256').update(String(index)).digest('hex').slice(0, 16),
  source: (['links', 'markdown', 'spelling', 'todo'] as const)[index % 4] ?? 'links',
  rule: 'a-rule',
  path: `docs/page-${index % 9}.md`,
  range: { startLine: index + 1, endLine: index + 1 },
  excerpt: `The line number ${index}.`,
  message: index === 0 ? LONG.slice(0, 400) : `Fault ${index} is worth mending.`,
  how: 'by hand',
  confidence: 'certain',
});

/** Every screen and every state of it, as wide as a wall and as narrow as a telephone, in the dark and in the light. */
describeInBrowser('somebody in front of any screen', () => {
  let redis: RedisServer;
  let place: Place;
  let service: Service;
  let api: Api;
  let browser: Browser;
  let story: Story | undefined;

  beforeAll(async () => {
    redis = await startRedisServer('--appendfsync', 'always');
    place = await openPlace({ REDIS_URL: `unix://${redis.path}`, HYPER_RUN_ROLES: 'api', HYPER_RUN_SSE_CLIENTS: '2' });
    service = launch(place);
    browser = await openBrowser();
    api = await service.ready;
  }, BROWSER_TIMEOUT_MS);
  afterAll(async () => {
    await browser?.close();
    await story?.close();
    await service?.stop();
    await redis?.end();
    await place?.remove();
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });

  const enter = async (route: string): Promise<Page> => {
    const page = await openPage(browser);
    await signIn(page, api, route);
    return page;
  };
  const live = (page: Page) => page.getByText('live', { exact: true }).waitFor();
  const go = async (page: Page, route: string) => {
    await page.goto(`${api.url}/#${route}`);
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  };
  const nothingLoads = (page: Page) => page.locator('.skeleton').first().waitFor({ state: 'detached' });
  const nameOf = (state: string, route: string) => `${state}${route.replaceAll('/', '-')}`;

  it(
    'sees what to do where there is nothing yet',
    async () => {
      const page = await enter('/');
      await live(page);
      for (const route of [...ROOMS, '/sprints/nowhere', '/nowhere']) {
        await go(page, route);
        await nothingLoads(page);
        expect(await barriersOfSizes(page, nameOf('empty', route))).toEqual([]);
      }
    },
    20 * MINUTES,
  );

  it(
    'reads every screen',
    async () => {
      const files = { 'docs/index.md': `# Atlas\n\nYou will recieve a map.\n\n${LONG}\n` };
      const path = await makeRepository(place.repositories, 'atlas', files);
      const baseCommit = (await git(path, 'rev-parse', 'HEAD')).trim() as Oid;
      const scan = {
        dataDirectory: place.dataDirectory,
        findings: Array.from({ length: 60 }, (_, index) => finding(index)),
      };
      story = await Story.begin(redis.path, {
        sprintId: 's-sizes',
        tasks: 9,
        agents: 14,
        repository: { path, baseCommit },
        scan,
      });
      await story.read(2, 60, 'page');
      await story.writeFile(
        1,
        place.dataDirectory,
        'docs/index.md',
        files['docs/index.md'].replace('recieve', 'receive'),
      );
      await story.act(3, event('task.stalled', { attempt: 1, silentMs: 300_000 }));
      const question = {
        questionId: 'q',
        text: LONG.slice(0, 400),
        options: [
          { id: 'y', label: 'Yes' },
          { id: 'n', label: 'No' },
        ],
      };
      await story.act(4, event('task.blocked', { attempt: 1, kind: 'question', reason: 'The agent asks.', question }));
      await story.act(5, event('task.failed', { attempt: 1, kind: 'agent-failed', reason: LONG.slice(0, 400) }));
      await story.act(
        3,
        event('alert.raised', { alertId: 'a-1', severity: 'warning', kind: 'task-stalled', text: LONG.slice(0, 300) }),
      );
      await story.act(2, event('action.message-said', { attempt: 1, origin: 'reported', text: LONG }));
      const page = await enter('/');
      await live(page);
      const deep = ['', '/plan', '/replay', '/report'].map((tab) => `${SPRINT}${tab}`);
      const tasks = [1, 4, 5].map((number) => `${SPRINT}/tasks/s-sizes-t-${number}`);
      for (const route of [...ROOMS, ...deep, ...tasks]) {
        await go(page, route);
        await nothingLoads(page);
        expect(await barriersOfSizes(page, nameOf('screen', route))).toEqual([]);
      }
      await go(page, '/feed');
      await page.getByRole('log').getByText('says: A sentence').click();
      await page.getByRole('region', { name: 'Event' }).waitFor();
      expect(await barriersOfSizes(page, 'screen-event')).toEqual([]);
      await go(page, '/findings');
      await page.getByRole('treeitem', { level: 2 }).first().click();
      await page.getByRole('region', { name: 'Finding' }).waitFor();
      expect(await barriersOfSizes(page, 'screen-finding')).toEqual([]);
      await go(page, '/sprints');
      await page.getByRole('button', { name: 'Plan a sprint' }).click();
      await page.getByRole('button', { name: 'Look for work' }).waitFor();
      expect(await barriersOfSizes(page, 'dialog-plan')).toEqual([]);
      await page.keyboard.press('Escape');
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keys' }).waitFor();
      expect(await barriersOfSizes(page, 'dialog-keys')).toEqual([]);
    },
    40 * MINUTES,
  );

  /** What the service is asked for; the page itself and its stream come. */
  const READS = /\/(hyper-running|repositories|findings|agents|alerts|health)(\/|\?|$)/;
  const STATEFUL = [...ROOMS, SPRINT, `${SPRINT}/plan`, `${SPRINT}/report`, TASK];

  it(
    'sees that something is on its way',
    async () => {
      const page = await enter('/');
      await live(page);
      await page.route(READS, () => undefined);
      for (const route of STATEFUL) {
        await go(page, route);
        await page.reload();
        if (route !== '/feed') await page.locator('.skeleton').first().waitFor();
        expect(await barriersOfSizes(page, nameOf('loading', route))).toEqual([]);
      }
    },
    20 * MINUTES,
  );

  it(
    'is told what went wrong, and can try again',
    async () => {
      const page = await enter('/');
      await live(page);
      const problem = { code: 'log.unavailable', detail: `Redis does not answer. ${LONG.slice(0, 200)}`, status: 422 };
      const fail = { status: 422, contentType: 'application/problem+json', body: JSON.stringify(problem) };
      await page.route(READS, (route) => route.fulfill(fail));
      for (const route of STATEFUL) {
        await go(page, route);
        await page.reload();
        if (route !== '/feed') {
          await page.getByText('could not be read').first().waitFor();
          await page.getByText('Redis does not answer.').first().waitFor();
        }
        expect(await barriersOfSizes(page, nameOf('error', route))).toEqual([]);
      }
      await page.unroute(READS);
      await page.getByRole('button', { name: 'Try again' }).first().click();
      await page.getByText('You will receive a map.').waitFor();
    },
    20 * MINUTES,
  );

  it(
    'is told that there is no room, that the picture is old, and that a link is needed',
    async () => {
      const [first, other] = [await enter('/'), await enter('/')];
      await Promise.all([live(first), live(other)]);
      const second = await enter('/');
      await second.getByText('service is full').waitFor();
      await nothingLoads(second);
      expect(await barriersOfSizes(second, 'state-full')).toEqual([]);
      // What happens while it cannot follow is there as soon as it can.
      const late = await Story.begin(redis.path, { sprintId: 's-late', kind: 'markdown', tasks: 1, agents: 1 });
      await other.context().close();
      await live(second);
      await second.locator('[data-agent="markdown-1"]').waitFor();
      await late.close();
      const tab = await openTab(first);
      await tab.goto(`${api.url}/#${TASK}`);
      await tab.getByText('You will receive a map.').waitFor();
      await second.context().clearCookies();
      await service.stop();
      for (const page of [first, tab]) await page.getByText('connection lost').waitFor();
      expect(await barriersOfSizes(first, 'state-lost')).toEqual([]);
      expect(await barriersOfSizes(tab, 'state-lost-task')).toEqual([]);
      for (const route of ROOMS.slice(1)) {
        await tab.goto(`${api.url}/#${route}`).catch(() => undefined);
        expect(await barriersOfSizes(tab, nameOf('state-lost', route))).toEqual([]);
      }
      service = launch(place, { HYPER_RUN_PORT: new URL(api.url).port });
      api = await service.ready;
      await second.getByText('signed out').waitFor();
      expect(await barriersOfSizes(second, 'state-signed-out')).toEqual([]);
      await Promise.all([live(first), live(tab)]);
    },
    20 * MINUTES,
  );
});
