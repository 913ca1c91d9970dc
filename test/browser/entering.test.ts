import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { Api } from '../harness/api.js';
import {
  axe,
  BROWSER_TIMEOUT_MS,
  describeInBrowser,
  newLink,
  openBrowser,
  openPage,
  openTab,
  problemsOf,
  screenshot,
  signIn,
} from '../harness/browser.js';
import { openPlace, type Place } from '../harness/place.js';
import { launch, type Service } from '../harness/service.js';

const DAY_SECONDS = 86_400;

describeInBrowser('a browser', () => {
  let place: Place;
  let service: Service;
  let api: Api;
  let browser: Browser;
  /** A site of somebody else's, on this machine. */
  let other: Server;
  const visits: string[] = [];

  beforeAll(async () => {
    place = await openPlace();
    service = launch(place);
    other = createServer((request, response) => {
      visits.push(request.url ?? '');
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Other</title>');
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    browser = await openBrowser();
    api = await service.ready;
  }, BROWSER_TIMEOUT_MS);
  afterAll(async () => {
    await browser?.close();
    await service?.stop();
    other?.close();
    other?.closeAllConnections();
    await place?.remove();
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    visits.length = 0;
  });

  const otherUrl = (host = '127.0.0.1') => `http://${host}:${(other.address() as AddressInfo).port}`;
  const appIsThere = (page: Page) => page.locator('#app > *').first().waitFor();
  const heading = (page: Page) => page.getByRole('heading', { level: 1 }).textContent();

  it('comes in by a link, to the place that it names, with a cookie that no script can read', async () => {
    const page = await openPage(browser);
    await signIn(page, api, '/feed');
    await appIsThere(page);
    expect(page.url()).toBe(`${api.url}/#/feed`);
    const [cookie, ...more] = await page.context().cookies();
    expect(more).toEqual([]);
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', secure: false, path: '/' });
    expect(Math.round(((cookie?.expires ?? 0) - Date.now() / 1000) / DAY_SECONDS)).toBe(7);
    expect(await page.evaluate(() => document.cookie)).toBe('');
    expect(problemsOf(page)).toEqual([]);
  });

  it('keeps the ticket nowhere: not in its history, not in what the service prints', async () => {
    const page = await openPage(browser);
    const link = await newLink(api);
    await page.goto(link);
    await page.waitForURL(`${api.url}/#/`);
    expect(await page.evaluate(() => history.length)).toBe(2);
    await page.goBack();
    expect(page.url()).toBe('about:blank');
    expect(service.output()).not.toContain(new URL(link).hash.slice(1, 44));
  });

  it('comes in by a link on another site too', async () => {
    const page = await openPage(browser);
    await page.goto(otherUrl('localhost'));
    await page.setContent(`<a href="${await newLink(api)}">Open</a>`);
    await page.getByRole('link').click();
    await page.waitForURL(`${api.url}/#/`);
    await appIsThere(page);
  });

  it('is told that a link was used, and how to get another one', async () => {
    const link = await newLink(api);
    const first = await openPage(browser);
    await first.goto(link);
    await appIsThere(first);
    const second = await openPage(browser);
    await second.goto(link);
    await second.getByText('This link was used or is too old').waitFor();
    await second.getByText('hyper-run open', { exact: true }).waitFor();
    expect(await axe(second)).toEqual([]);
    await screenshot(second, 'entrance-link-used');
    const again = await openTab(first);
    await again.goto(link);
    await appIsThere(again);
  });

  it.each(['dark', 'light'] as const)('without a link is told how to get one (%s)', async (colorScheme) => {
    const page = await openPage(browser, { colorScheme, viewport: { width: 360, height: 640 } });
    const response = await page.goto(`${api.url}/`);
    expect(response?.status()).toBe(401);
    expect(await heading(page)).toBe('A link lets this browser in');
    expect(await axe(page)).toEqual([]);
    await screenshot(page, `entrance-${colorScheme}`);
  });

  it('may try again when the service did not answer', async () => {
    const page = await openPage(browser);
    await page.route('**/session', (route) => route.abort());
    await page.goto(await newLink(api));
    await page.getByText('It does not answer.').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.unroute('**/session');
    await page.getByRole('button', { name: 'Try again' }).click();
    await appIsThere(page);
  });

  it('runs no script that did not come with the app, and loads nothing from elsewhere', async () => {
    const page = await openPage(browser);
    await signIn(page, api);
    await appIsThere(page);
    const violated = await page.evaluate(async (elsewhere) => {
      const directives: string[] = [];
      const all = new Promise<void>((resolve) =>
        document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
          if (directives.push(effectiveDirective) === 5) resolve();
        }),
      );
      const inline = document.createElement('script');
      inline.textContent = 'document.title = "inline"';
      const box = document.createElement('div');
      box.innerHTML = `<img src="/none.png" onerror="document.title = 'handler'"><img src="${elsewhere}/pixel">`;
      document.body.append(inline, box);
      await fetch(`${elsewhere}/fetch`, { mode: 'no-cors' }).catch(() => undefined);
      const foreign = 'data:text/javascript,document.title = "import"';
      await import(foreign).catch(() => undefined);
      await all;
      return directives.toSorted();
    }, otherUrl());
    expect(violated).toEqual(['connect-src', 'img-src', 'script-src-attr', 'script-src-elem', 'script-src-elem']);
    expect(await page.title()).not.toMatch(/inline|handler|import/);
    expect(visits).toEqual([]);
  });

  it('lets pages of another site on the same machine neither read nor write', async () => {
    const page = await openPage(browser);
    await signIn(page, api);
    const call = async (url: string) => {
      const send = (method: string, path: string, mode: RequestMode) =>
        fetch(url + path, { method, mode, credentials: 'include' }).then(
          ({ status }) => status,
          () => 'refused',
        );
      return [
        await send('GET', '/agents', 'cors'),
        await send('GET', '/agents', 'no-cors'),
        await send('POST', '/alerts/none/acknowledge', 'no-cors'),
        await send('DELETE', '/session', 'cors'),
      ];
    };
    const statuses: number[] = [];
    page.on('response', (response) => statuses.push(response.status()));
    expect(await page.evaluate(call, api.url)).toEqual([200, 200, 404, 204]);
    await signIn(page, api);
    await page.goto(otherUrl());
    statuses.length = 0;
    expect(await page.evaluate(call, api.url)).toEqual(['refused', 'refused', 'refused', 'refused']);
    expect(statuses.filter((status) => status < 400)).toEqual([]);
    expect((await page.context().cookies()).length).toBe(1);
  });

  it('is out once it has signed out', async () => {
    const page = await openPage(browser);
    await signIn(page, api);
    await appIsThere(page);
    expect(await page.evaluate(() => fetch('/session', { method: 'DELETE' }).then(({ status }) => status))).toBe(204);
    expect(await page.context().cookies()).toEqual([]);
    await page.reload();
    expect(await heading(page)).toBe('A link lets this browser in');
  });
});
