import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text as textOf } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { verifyOffline } from '../../../cli/verification.js';
import { startRedisServer, type RedisServer } from '../../../libs/event-store/test/redis-server.js';
import type { Api } from '../../harness/api.js';
import {
  BROWSER_TIMEOUT_MS,
  describeInBrowser,
  openBrowser,
  openPage,
  problemsOf,
  screenshot,
  signIn,
} from '../../harness/browser.js';
import { openPlace, type Place } from '../../harness/place.js';
import { launch, type Service } from '../../harness/service.js';
import { SseReader } from '../../harness/sse-reader.js';
import { Story } from '../../harness/stories.js';

const COUNT = 100_000;
const LONG_MS = 600_000;
const CLI = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const SPRINT = '/hyper-running/sprints/s-story';
const TASK = '/hyper-running/tasks/s-story-t-1';
const JSON_SEQUENCE = 'application/json-seq';
/** The service may have no more than this: whoever held on to all that it reads would end. */
const HEAP_MIB = 512;

const count = (number: number): string => number.toLocaleString('en');

describe('a sprint of 100,000 events', () => {
  let redis: RedisServer;
  let place: Place;
  let service: Service;
  let api: Api;
  let story: Story;
  /** All of its events: the plan, the tasks, and what was recorded of it later. */
  let total: number;
  /** Files that were read by events whose texts have been taken out. */
  const redacted: string[] = [];

  const begin = async () => {
    service = launch(place, { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` });
    api = await service.ready;
  };
  beforeAll(async () => {
    redis = await startRedisServer();
    place = await openPlace({
      REDIS_URL: `unix://${redis.path}`,
      HYPER_RUN_ROLES: 'api,orchestrator',
      HYPER_RUN_ARCHIVE_AFTER: 'never',
      HYPER_RUN_FEED_LENGTH: '1000',
    });
    story = await Story.begin(redis.path, { tasks: 2 });
    await story.read(1, COUNT, 'page');
    await story.end('passed', 'passed');
    await begin();
  }, LONG_MS);
  afterAll(async () => {
    await service?.stop();
    await story?.close();
    await redis?.end();
    await place?.remove();
  });

  /** Times and memory are printed, not asserted: they are this machine's. */
  const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const since = performance.now();
    const result = await work();
    const ms = Math.round(performance.now() - since);
    const [, bytes = 0] = /resident_memory_bytes (\d+)/.exec((await api.get<string>('/metrics')).body) ?? [];
    process.stdout.write(`${what}: ${ms} ms, service ${Math.round(Number(bytes) / 2 ** 20)} MiB\n`);
    return result;
  };
  const text = async (path: string, accept = 'application/json') => {
    const answer = await api.raw('GET', path, undefined, { accept });
    expect([path, answer.status]).toEqual([path, 200]);
    return answer.text();
  };
  const json = async <Body>(path: string) => JSON.parse(await text(path)) as Body;
  const pages = async (path: string): Promise<number> => {
    let count = 0;
    for (let after: string | undefined = '0'; after !== undefined;) {
      const page: { items: unknown[]; next?: string } = await json(`${path}?limit=1000&after=${after}`);
      count += page.items.length;
      after = page.items.length === 0 ? undefined : page.next;
    }
    return count;
  };
  const cursorOf = async (position: number) => {
    const { next } = await json<{ next: string }>('/events?limit=1');
    return next.replace(/\d+$/, String(position));
  };
  /** What the command prints, once it has ended well. */
  const terminal = async (...args: string[]) => {
    const env = { ...process.env, HYPER_RUN_DATA_DIR: place.dataDirectory };
    const child = spawn(process.execPath, [CLI, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(child, 'exit');
    const [out, err] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
    expect([args, (await ended)[0], err]).toEqual([args, 0, expect.any(String)]);
    return out;
  };

  const readByPrograms = async (where: string) => {
    const told = <T>(what: string, work: () => Promise<T>) => timed(`${where}: ${what}`, work);
    const { items } = await told('the list', () => json<{ items: { sprintId: string }[] }>('/hyper-running/sprints'));
    expect(items.map(({ sprintId }) => sprintId)).toEqual(['s-story']);
    const sprint = await told('the sprint', () => json<{ tasks: { status: string }[] }>(SPRINT));
    expect(sprint.tasks.map(({ status }) => status)).toEqual(['passed', 'passed']);
    total = await told('its history in pages', () => pages(`${SPRINT}/events`));
    expect(total).toBeGreaterThan(COUNT);
    const sequence = await told('as one sequence', () => text(`${SPRINT}/events`, JSON_SEQUENCE));
    expect(sequence.split('\n')).toHaveLength(total + 1);
    const exported = await told('its export', () => text(`${SPRINT}/events`, 'application/x-ndjson'));
    expect(exported.trimEnd().split('\n')).toHaveLength(total + 2);
    for (const path of redacted)
      expect([path, sequence.includes(path), exported.includes(path)]).toEqual([path, false, false]);
    expect(await told('a task in pages', () => pages(`${TASK}/events`))).toBeGreaterThan(COUNT);
    const verified = await told('verified', () => json<object>(`${SPRINT}/verify`));
    expect(verified).toMatchObject({ valid: true, events: total });
    expect(await told('reported', () => json<object>(`${SPRINT}/report`))).toMatchObject({ events: total });
    const at = await cursorOf(50_000);
    const then = await told('as it was', () => json<{ status: string }>(`${SPRINT}?at=${at}`));
    expect(then.status).toBe('running');
    await told('the list as it was', () => text(`/hyper-running/sprints?at=${at}`));
    await told('told over SSE from the first event on', async () => {
      const reader = await SseReader.open(`${api.url}/events/stream?after=${await cursorOf(0)}`, api.token);
      await reader.until(() => reader.events.length >= total);
      reader.close();
    });
    const snapshot = await SseReader.open(`${api.url}${SPRINT}/stream`, api.token);
    await told('its projection', () => snapshot.until(() => snapshot.messages.length >= 2));
    snapshot.close();
  };

  const readInTheTerminal = async (where: string) => {
    const told = (what: string, ...args: string[]) => timed(`${where}: hyper-run ${what}`, () => terminal(...args));
    const replayed = await told('replay', 'replay', 's-story');
    expect(replayed.trimEnd().split('\n')).toHaveLength(total);
    expect(await told('verify', 'verify', 's-story')).toContain('unchanged');
    expect(await told('report', 'report', 's-story')).toContain('2 of 2 tasks passed');
  };

  const look = async (browser: Browser, where: string) => {
    const page = await openPage(browser);
    page.setDefaultTimeout(LONG_MS);
    const told = <T>(what: string, work: () => Promise<T>) => timed(`${where}: in the browser, ${what}`, work);
    const goTo = (route: string) => page.goto(`${api.url}/#${route}`);
    await signIn(page, api, '/sprints');
    await told('the list', () => page.getByText('s-story').first().waitFor());
    await goTo('/sprints/s-story/replay');
    await told('the replay, first seen', () => page.getByRole('button', { name: 'Play' }).waitFor());
    // While more is read, the page does what it is asked for.
    await told('a step while it reads', async () => {
      await page.keyboard.press('ArrowLeft');
      await page.getByText(/^As it was/).waitFor();
    });
    await told('all of it', () => page.getByText(new RegExp(`of ${count(total)}$`)).waitFor());
    await page.getByRole('button', { name: 'LIVE' }).click();
    await page.getByText(`event ${count(total)} of`).waitFor();
    await told('a step back', async () => {
      await page.keyboard.press('ArrowLeft');
      await page.getByText(`event ${count(total - 1)} of`).waitFor();
    });
    await page.getByRole('button', { name: 'To the first event' }).click();
    await page.getByText('event 1 of').waitFor();
    await page.getByLabel('speed').selectOption({ label: '1000 ×' });
    await told('played to the end', async () => {
      await page.keyboard.press('k');
      await page.getByText(`event ${count(total)} of`).waitFor();
    });
    await screenshot(page, `hundred-thousand-replay-${where}`);

    await page.goto('about:blank');
    await goTo('/sprints/s-story/replay?at=50000');
    await told('a moment by its link', () => page.getByText(/event (49,9|50,0)\d\d of 100,0\d\d$/).waitFor());
    await page
      .getByRole('row', { name: /s-story-t-1/ })
      .getByRole('link')
      .first()
      .click();
    await told('the task at that moment', () => page.getByText(/^As it was/).waitFor());
    await goTo('/sprints/s-story/tasks/s-story-t-1');
    await told('the task now', () => page.getByText(/^100,0\d\d lines/).waitFor());
    await screenshot(page, `hundred-thousand-task-${where}`);

    await goTo('/sprints/s-story/report');
    await told('the report', () => page.getByText(count(COUNT), { exact: true }).waitFor());
    await page.getByRole('button', { name: 'Verify the seals' }).click();
    await told('the seals', () => page.getByText('the seals hold').waitFor());
    await screenshot(page, `hundred-thousand-report-${where}`);
    await lookAtFeed(page, where);
    expect(problemsOf(page)).toEqual([]);
    await page.context().close();
  };

  const lookAtFeed = async (page: Page, where: string) => {
    await page.goto(`${api.url}/#/feed`);
    const found = page.getByRole('search').getByRole('status');
    const lines = async () => Number((await found.innerText()).replace(/\D/g, ''));
    await page.getByRole('searchbox').fill('docs/page-');
    const log = page.getByRole('log');
    await log.getByText('docs/page-100000.md').waitFor();
    // What is older is read when somebody goes there, and then stands before what is looked at.
    while ((await lines()) < 5000) {
      await log.press('PageDown');
      await log.press('Home');
    }
    await timed(`${where}: in the browser, the feed filtered`, async () => {
      await page.getByRole('searchbox').fill('docs/page-99999.md');
      await found.getByText('1 line', { exact: true }).waitFor();
    });
    await screenshot(page, `hundred-thousand-feed-${where}`);
  };

  /** Of the event that read this file, the texts are taken out. */
  const redact = async (where: string, number: number) => {
    const path = `docs/page-${number}.md`;
    const { items } = await json<{ items: { id: string; data: { path?: string } }[] }>(
      `${TASK}/events?limit=10&after=${number - 3}`,
    );
    const { id } = items.find(({ data }) => data.path === path) ?? { id: '' };
    const answer = await timed(`${where}: redacted`, () =>
      api.post(`/events/${id}/redact`, { reason: 'It was a key.' }),
    );
    expect(answer.status).toBe(200);
    redacted.push(path);
  };

  const readEverywhere = (where: string) => {
    it('is read, told, verified and reported whole', () => readByPrograms(where), LONG_MS);
    it('is replayed, verified and reported in the terminal', () => readInTheTerminal(where), LONG_MS);
    describeInBrowser('in the browser', () => {
      let browser: Browser;
      beforeAll(async () => {
        browser = await openBrowser();
      }, BROWSER_TIMEOUT_MS);
      afterAll(() => browser?.close());
      it('is replayed, travelled through, searched and audited', () => look(browser, where), LONG_MS);
    });
  };

  describe('in Redis', () => {
    beforeAll(() => redact('in Redis', 30_000), LONG_MS);
    readEverywhere('in Redis');
  });

  describe('archived', () => {
    beforeAll(async () => {
      const { path } = await timed(
        'archived',
        async () => (await api.post<{ path: string }>(`${SPRINT}/archive`)).body,
      );
      expect(await timed('archived: proven offline', () => verifyOffline(path))).toMatchObject({ valid: true });
      await service.stop();
      const since = performance.now();
      await begin();
      process.stdout.write(`archived: started again in ${Math.round(performance.now() - since)} ms\n`);
      await redact('archived', 60_000);
    }, LONG_MS);
    readEverywhere('archived');
  });
});
