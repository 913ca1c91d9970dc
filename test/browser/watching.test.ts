import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { agentStream, type Oid } from '#contracts';
import { event } from '#domain';
import { startRedisServer, type RedisServer } from '../../libs/event-store/test/redis-server.js';
import type { Api } from '../harness/api.js';
import {
  barriersOf,
  BROWSER_TIMEOUT_MS,
  describeInBrowser,
  newLink,
  openBrowser,
  openPage,
  openTab,
  overflowOf,
  problemsOf,
  screenshot,
  signIn,
} from '../harness/browser.js';
import { appendForeign } from '../harness/foreign-event.js';
import { openHttp2Proxy } from '../harness/http2-proxy.js';
import { openPlace, type Place } from '../harness/place.js';
import { git, makeRepository } from '../harness/repositories.js';
import { launch, type Service } from '../harness/service.js';
import { Story, type StoryOptions } from '../harness/stories.js';

const HOSTILE =
  '\u001b[2J\u001b]0;owned\u0007<img src=x onerror="document.title=\'owned\'"> \u202egnp.exe ' + 'x'.repeat(7000);
const CONTROLS = ['\u001b', '\u202e', '\u0007'];

describeInBrowser('somebody who watches', () => {
  let redis: RedisServer;
  let place: Place;
  let service: Service;
  let api: Api;
  let browser: Browser;
  let story: Story;
  const stories: Story[] = [];

  beforeAll(async () => {
    redis = await startRedisServer('--appendfsync', 'always');
    place = await openPlace({ REDIS_URL: `unix://${redis.path}`, HYPER_RUN_ROLES: 'api' });
    service = launch(place);
    browser = await openBrowser();
    api = await service.ready;
    story = await tell({});
  }, BROWSER_TIMEOUT_MS);
  afterAll(async () => {
    await browser?.close();
    for (const each of stories) await each.close();
    await service?.stop();
    await redis?.end();
    await place?.remove();
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });

  /** Another story, told for as long as these tests. */
  const tell = async (options: StoryOptions): Promise<Story> => {
    const another = await Story.begin(redis.path, options);
    stories.push(another);
    return another;
  };
  const enter = async (route: string, page?: Page): Promise<Page> => {
    const entered = page ?? (await openPage(browser));
    await signIn(entered, api, route);
    await entered.getByText('live', { exact: true }).waitFor();
    return entered;
  };
  const line = (page: Page, name: string) => page.getByRole('log').getByText(`read docs/${name}.md`);
  /** How many lines of the feed tell of files of a name: what a gap or a repeat would show in. */
  const linesOf = async (page: Page, name: string): Promise<string> => {
    await page.getByRole('searchbox').fill(`docs/${name}-`);
    return page.getByRole('search').getByRole('status').innerText();
  };
  /** How many connections follow the events. */
  const clients = async () =>
    /stream_clients\{stream="events"\} (\d+)/.exec((await api.get<string>('/metrics')).body)?.[1];
  const become = async (count: string) => {
    while ((await clients()) !== count) await new Promise((resolve) => setImmediate(resolve));
  };
  /** Nothing of this screen is on its way any more. */
  const settled = async (page: Page) => {
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    await page.locator('h1').waitFor({ state: 'attached' });
    await page.locator('.skeleton').first().waitFor({ state: 'detached' });
  };

  it('sees an event as it happens: in the feed, on the card of its agent, in every tab and browser', async () => {
    const feed = await enter('/feed');
    const bridge = await openTab(feed);
    await bridge.goto(api.url);
    const other = await enter('/feed');
    const card = bridge.locator('[data-agent="links-1"]');
    await card.waitFor();
    await story.read(1, 3, 'first');
    await Promise.all([line(feed, 'first-3').waitFor(), line(other, 'first-3').waitFor()]);
    await card.getByText('read docs/first-3.md').waitFor();
    await card.getByText('working').waitFor();
    expect(problemsOf(feed)).toEqual([]);
    expect(problemsOf(bridge)).toEqual([]);
  });

  it.each(['a worker that all tabs share', 'a tab that follows for the others'])(
    'needs one connection however many tabs are open, by %s',
    async (how) => {
      await become('0');
      const first = await openPage(browser);
      if (how.startsWith('a tab')) await first.context().addInitScript('delete globalThis.SharedWorker');
      await enter('/feed', first);
      const tabs = [await openTab(first), await openTab(first), await openTab(first)];
      for (const tab of tabs) {
        await tab.goto(`${api.url}/#/feed`);
        await tab.getByText('live', { exact: true }).waitFor();
      }
      expect(await clients()).toBe('1');
      await story.read(1, 1, `shared-${how.length}`);
      for (const tab of [first, ...tabs]) await line(tab, `shared-${how.length}-1`).waitFor();
      await first.close();
      await story.read(1, 50, `orphans-${how.length}`);
      for (const tab of tabs) {
        await line(tab, `orphans-${how.length}-50`).waitFor();
        expect(await linesOf(tab, `orphans-${how.length}`)).toBe('50 lines');
      }
      await become('1');
      const other = await enter('/feed');
      await become('2');
      for (const page of [...tabs, other]) await page.context().close();
      await become('0');
    },
  );

  it('sees what happens between its first reads and the first word of its stream', async () => {
    const quick = await tell({ sprintId: 's-quick', kind: 'quick', tasks: 1 });
    let letGo: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (letGo = resolve));
    const look = async (route: string): Promise<Page> => {
      const page = await openPage(browser);
      // The page itself follows the stream, where that can be held up.
      await page.addInitScript('delete globalThis.SharedWorker');
      await page.route('**/events/stream*', (stream) => over.then(() => stream.continue()));
      await signIn(page, api, route);
      return page;
    };
    const list = await look('/sprints');
    const task = await look(`/sprints/${quick.sprintId}/tasks/${quick.taskId(1)}`);
    const sprint = list.getByRole('listitem').filter({ hasText: quick.sprintId });
    await sprint.getByText('running', { exact: true }).waitFor();
    await task.locator('.task-head').getByText('working', { exact: true }).waitFor();
    await quick.end('passed');
    letGo();
    await sprint.getByText('completed', { exact: true }).waitFor();
    await task.locator('.task-head').getByText('passed', { exact: true }).waitFor();
    expect([problemsOf(list), problemsOf(task)]).toEqual([[], []]);
  });

  it('has a stream in each of eight tabs by HTTP/2 through a proxy, over which nothing is late or lost', async () => {
    const proxy = await openHttp2Proxy(api.url);
    try {
      const first = await openPage(browser);
      // Each for itself: over HTTP/1.1 a browser opens six connections, and the seventh tab would wait.
      await first.context().addInitScript('delete globalThis.SharedWorker; delete globalThis.BroadcastChannel');
      await first.goto((await newLink(api, '/feed')).replace(api.url, proxy.url));
      const tabs = [first];
      while (tabs.length < 8) {
        const tab = await openTab(first);
        await tab.goto(`${proxy.url}/#/feed`);
        tabs.push(tab);
      }
      for (const tab of tabs) await tab.getByText('live', { exact: true }).waitFor();
      await become('8');
      expect(proxy.connections).toBeLessThan(6);
      await story.read(1, 1, 'multiplexed');
      for (const tab of tabs) await line(tab, 'multiplexed-1').waitFor();
      expect(problemsOf(first)).toEqual([]);
      proxy.cut();
      await story.read(1, 50, 'cut');
      await line(first, 'cut-50').waitFor();
      expect(await linesOf(first, 'cut')).toBe('50 lines');
    } finally {
      await proxy.close();
    }
  });

  it('misses nothing and sees nothing twice when the connection breaks in the middle of a burst', async () => {
    const page = await enter('/feed');
    await story.read(1, 1, 'before');
    await line(page, 'before-1').waitFor();
    const burst = story.read(1, 1000, 'burst');
    await page.context().setOffline(true);
    await page.context().setOffline(false);
    await burst;
    await line(page, 'burst-1000').waitFor();
    expect(await linesOf(page, 'burst')).toBe('1,000 lines');
  });

  it('is told that the connection is lost when the service ends, and sees the rest when it is there again', async () => {
    const page = await enter('/feed');
    const { port } = new URL(api.url);
    await service.stop();
    await page.getByText('connection lost').waitFor();
    await story.read(1, 50, 'away');
    service = launch(place, { HYPER_RUN_PORT: port });
    api = await service.ready;
    await line(page, 'away-50').waitFor();
    await page.getByText('live', { exact: true }).waitFor();
    expect(await linesOf(page, 'away')).toBe('50 lines');
  });

  it('pauses the feed, is told how much is new, and comes back to the newest', async () => {
    const page = await enter('/feed');
    // More than fit on the screen: what is new lies below it, whether older lines have been read by then or not.
    await story.read(1, 100, 'held');
    await line(page, 'held-100').waitFor();
    await page.keyboard.press('Space');
    await page.getByText('Paused').waitFor();
    await story.read(1, 40, 'news');
    await page.getByText('Paused: 40 new').waitFor();
    expect(await line(page, 'news-40').count()).toBe(0);
    await line(page, 'held-100').waitFor();
    await page.keyboard.press('End');
    await line(page, 'news-40').waitFor();
  });

  it('keeps a line at hand, and is led from an event to what led to it and to that moment', async () => {
    const page = await enter('/feed');
    const call = { attempt: 1, origin: 'observed', callId: 'caused' } as const;
    const output = { tail: '', bytes: 0 };
    await story.act(1, event('action.command-started', { ...call, command: 'make caused' }));
    await story.read(1, 200, 'between');
    await story.act(1, event('action.command-finished', { ...call, exitCode: 7, durationMs: 1000, output }));
    await page.getByRole('log').getByText('command ended with 7').click();
    const detail = page.getByRole('region', { name: 'Event' });
    await detail.getByRole('button', { name: 'Pin' }).press('Enter');
    await detail.getByRole('button', { name: 'To its cause' }).press('Enter');
    await detail.getByText('action.command-started').first().waitFor();
    await page.getByRole('log').getByText('runs make caused').waitFor();
    await page.getByRole('list', { name: 'Pinned lines' }).getByText('command ended with 7').waitFor();
    await detail.getByRole('link', { name: 'Travel there' }).press('Enter');
    await page.getByText(/^As it was/).waitFor();
    await page.locator('.story [aria-current]').getByText('runs make caused').waitFor();
    expect(problemsOf(page)).toEqual([]);
  });

  it('reads text of others as text', async () => {
    const page = await enter('/feed');
    await story.act(2, event('action.message-said', { attempt: 1, origin: 'reported', text: HOSTILE }));
    const said = page.getByRole('log').getByText('says: <img src=x onerror=');
    await said.click();
    const shown = await page.getByRole('region', { name: 'Event' }).innerText();
    expect(shown).toContain('<img src=x onerror=');
    for (const control of CONTROLS) expect(shown).not.toContain(control);
    expect(await page.title()).toBe('Feed · HyperRun');
    expect(await overflowOf(page)).toBe(0);
    await screenshot(page, 'feed-hostile');
    await page.goto(`${api.url}/#/`);
    await page.locator('[data-agent="links-2"]').waitFor();
    expect(await overflowOf(page)).toBe(0);
  });

  it('sees a text no more that is taken out while it watches, and everything else as before', async () => {
    const page = await enter('/feed');
    await story.read(1, 1, 'leaked');
    await story.read(1, 1, 'plain');
    await Promise.all([line(page, 'leaked-1').waitFor(), line(page, 'plain-1').waitFor()]);
    const { body } = await api.get<{ items: { id: string }[] }>('/events?before=&limit=2');
    const { status } = await api.post(`/events/${body.items[0]?.id ?? ''}/redact`, { reason: 'It was a key.' });
    expect(status).toBe(200);
    await page.getByRole('log').getByText('read [redacted]').waitFor();
    expect(await line(page, 'leaked-1').count()).toBe(0);
    await line(page, 'plain-1').waitFor();
    expect(problemsOf(page)).toEqual([]);
  });

  it('sees what a task writes as a diff while it writes, and at any moment what it had written by then', async () => {
    const files = { 'docs/index.md': '# Atlas\n\nYou will recieve a map.\n', 'docs/.env': 'KEY=base-secret\n' };
    const path = await makeRepository(place.repositories, 'atlas', files);
    const baseCommit = (await git(path, 'rev-parse', 'HEAD')).trim() as Oid;
    const options = { sprintId: 's-writes', kind: 'writer', tasks: 1, repository: { path, baseCommit } };
    const writing = await tell(options);
    const write = (name: string, text: string) => writing.writeFile(1, place.dataDirectory, name, text);
    const page = await enter(`/sprints/${writing.sprintId}/tasks/${writing.taskId(1)}`);
    await page.getByText('What the agent writes appears here').waitFor();
    await write('docs/index.md', '# Atlas\n\nYou will receive a map.\n');
    const added = page.locator('.diff-added');
    await added.getByText('You will receive a map.').waitFor();
    await page.getByText('no candidate yet').waitFor();
    await page.locator('.diff-removed').getByText('You will recieve a map.').waitFor();
    await write('docs/.env', 'KEY=new-secret\n');
    await page.getByText('1 file more is not shown').waitFor();
    await write('docs/hostile.md', `${HOSTILE}${'y'.repeat(100_000)}\n`);
    await added.getByText('<img src=x onerror=').waitFor();
    const shown = await page.getByRole('main').innerText();
    for (const control of [...CONTROLS, 'secret']) expect(shown).not.toContain(control);
    expect([await page.title(), await overflowOf(page)]).toEqual(['Sprints · HyperRun', 0]);
    expect(await barriersOf(page, 'task-writes')).toEqual([]);

    await page.goto(`${api.url}/#/sprints/${writing.sprintId}/replay`);
    await page.getByText('The present').waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await page
      .getByRole('row', { name: /writer-1 is at it/ })
      .getByRole('link')
      .click();
    await page.getByText(/^As it was/).waitFor();
    await added.getByText('You will receive a map.').waitFor();
    expect(await page.getByRole('main').innerText()).not.toContain('onerror');
    await write('docs/index.md', '# Atlas\n\nYou will receive two maps.\n');
    await page.getByRole('button', { name: 'LIVE' }).click();
    await added.getByText('You will receive two maps.').waitFor();
    expect(problemsOf(page)).toEqual([]);
  });

  it('travels to any moment of a sprint and back, step by step, and can share it', async () => {
    await story.end('passed', 'failed');
    const page = await enter(`/sprints/${story.sprintId}/replay`);
    await page.getByText('The present').waitFor();
    const row = page.getByRole('row', { name: new RegExp(story.taskId(1)) });
    await row.getByText('passed', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'To the first event' }).click();
    await page.getByText('event 1 of').waitFor();
    for (let step = 0; step < 5; step++) await page.keyboard.press('ArrowRight');
    await page.getByText('event 6 of').waitFor();
    await row.getByText('working', { exact: true }).waitFor();
    const shared = page.url();
    expect(shared).toMatch(/\?at=\d+$/);
    await screenshot(page, 'replay');
    const friend = await openTab(page);
    await friend.goto(shared);
    await friend.getByText('event 6 of').waitFor();
    await page.keyboard.press('l');
    await page.getByText('The present').waitFor();
    expect(problemsOf(page)).toEqual([]);
  });

  it('finds every screen without barriers, in the dark and in the light, wide and narrow', async () => {
    const page = await enter('/');
    const story = '/sprints/s-story';
    for (const route of [
      '/',
      '/feed',
      '/sprints',
      '/progress',
      '/health',
      story,
      `${story}/replay`,
      `${story}/report`,
    ]) {
      await page.goto(`${api.url}/#${route}`);
      await settled(page);
      expect(await barriersOf(page, `screen${route.replaceAll('/', '-')}`)).toEqual([]);
    }
    expect(problemsOf(page)).toEqual([]);
  }, 180_000);

  it('sees on the card of an agent what confines it, and that it gets no work for a while, with an alert', async () => {
    const page = await enter('/');
    const card = page.locator('[data-agent="links-1"]');
    await card.getByText('in memory').waitFor();
    const alertId = 'links-fails';
    const until = Date.now() + 3_600_000;
    const raised = {
      alertId,
      severity: 'warning',
      kind: 'agent-circuit-opened',
      text: 'Links failed 3 times.',
    } as const;
    const agent = agentStream(story.agentId(1));
    await story.write(agent, event('agent.circuit-opened', { failures: 3, until }), event('alert.raised', raised));
    await card.getByText(/^open until \d\d:\d\d:\d\d, (1 h|59 min)/).waitFor();
    expect(await page.locator('[data-agent]').first().innerText()).toContain('links-1');
    await screenshot(page, 'circuit-open');
    await page.getByRole('link', { name: '1 alert' }).click();
    await page.getByRole('heading', { name: 'Health' }).waitFor();
    await page.getByText('Links failed 3 times.').waitFor();
    await page.getByRole('button', { name: 'Acknowledge' }).click();
    await page.getByText('1 acknowledged alert').waitFor();
    await page.goBack();
    await story.write(agent, event('agent.circuit-opened', { failures: 1, until: 1 }));
    await card.getByText('half open: one task may try').waitFor();
    await story.write(agent, event('agent.circuit-closed', {}));
    await card.getByText('circuit').waitFor({ state: 'detached' });
    expect(problemsOf(page)).toEqual([]);
  });

  it('keeps a hundred agents readable, trouble first', async () => {
    const crowd = await tell({ sprintId: 's-crowd', kind: 'markdown', tasks: 12, agents: 100 });
    await crowd.act(5, event('task.stalled', { attempt: 1, silentMs: 300_000 }));
    const page = await enter('/');
    const cards = page.locator('[data-agent]');
    await page.locator('[data-agent="markdown-100"]').waitFor();
    expect(await page.locator('[data-agent^="markdown-"]').count()).toBe(100);
    expect(await cards.first().innerText()).toMatch(/markdown-5[^]*stalled/);
    expect(await overflowOf(page)).toBe(0);
    await screenshot(page, 'crowd');
  });

  it('reads names, plans, questions, output and alerts of others as text, whatever they say and however long it is', async () => {
    const words = HOSTILE;
    const [sentence, text] = [words.slice(0, 2000), words.slice(0, 200)];
    const hostile = await tell({ sprintId: 's-hostile', kind: 'hostile', tasks: 2, words });
    const step = { callId: 'c', exitCode: 1, durationMs: 1, output: { tail: words, bytes: words.length } };
    const question = { questionId: 'q', text: sentence, options: [{ id: 'o', label: text }] };
    await hostile.act(
      1,
      event('action.command-started', { attempt: 1, origin: 'observed', callId: 'c', command: sentence }),
      event('action.command-finished', { attempt: 1, origin: 'observed', ...step }),
      event('task.blocked', { attempt: 1, kind: 'question', reason: sentence, question }),
      event('alert.raised', { alertId: 'a-hostile', severity: 'critical', kind: 'task-blocked', text: sentence }),
    );
    await hostile.act(2, event('task.failed', { attempt: 1, kind: 'agent-failed', reason: sentence }));
    const page = await enter('/');
    const sprint = `/sprints/${hostile.sprintId}`;
    const [asks, failed] = [1, 2].map((task) => `${sprint}/tasks/${hostile.taskId(task)}`);
    for (const route of [
      '/',
      '/feed',
      '/sprints',
      sprint,
      `${sprint}/plan`,
      `${sprint}/replay`,
      `${sprint}/report`,
      asks,
      failed,
      '/health',
    ]) {
      await page.goto(`${api.url}/#${route}`);
      await settled(page);
      const html = await page.content();
      for (const control of CONTROLS) expect([route, html.includes(control)]).toEqual([route, false]);
      expect([route, await overflowOf(page)]).toEqual([route, 0]);
      await page.setViewportSize({ width: 360, height: 740 });
      expect([route, 'narrow', await overflowOf(page)]).toEqual([route, 'narrow', 0]);
      await page.setViewportSize({ width: 1280, height: 900 });
    }
    await page.getByText('<img src=x onerror=').first().waitFor();
    expect(await page.title()).toBe('Health · HyperRun');
    expect(problemsOf(page)).toEqual([]);
  });

  it('is told what of the log cannot be read, where it lies and why, while everything else is shown', async () => {
    const position = await appendForeign(redis.path, 'sprint-sung', 'sprint.sung', '{"song":1}');
    const page = await enter('/health');
    const parked = page.getByRole('listitem').filter({ hasText: 'an event of type "sprint.sung"' });
    await parked.getByText(`event 1 of sprint-sung, position ${position} of the log · left out of the world`).waitFor();
    expect(problemsOf(page)).toEqual([]);
  });
});
