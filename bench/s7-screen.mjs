import { setTimeout as delay } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { findTool } from '../dist/libs/system-tools/src/index.js';
import { said } from './lib/events.mjs';
import { row } from './lib/measure.mjs';
import { startRedis } from './lib/redis.mjs';
import { startService } from './lib/service.mjs';
import { beginStory } from './lib/story.mjs';

export const title = 'append → paint in a real browser at 1,000 events/s; a sprint of 60,000 events in it';

const RATE = 1000;
const SECONDS = 6;
const TICK_MS = 10;
const ROUNDS = 3;
const LONG_EVENTS = 60_000;
const LONG_TASKS = 6;

const openBrowser = async () => {
  const { path, env } = await findTool('chromium');
  const args = ['--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update'];
  return chromium.launch({ executablePath: path, args, env: { ...process.env, ...env } });
};

/** Notes how long the main thread was held at a time. */
const watchTasks = (page) =>
  page.addInitScript(() => {
    globalThis.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, duration);
    }).observe({ type: 'longtask', buffered: true });
  });
const longestTask = (page) =>
  page.evaluate(() => {
    const found = globalThis.longest;
    globalThis.longest = 0;
    return found;
  });

const lines = async (page) =>
  Number((await page.getByRole('search').getByRole('status').innerText()).replace(/\D/g, ''));

/** Appends `RATE` events a second in small batches, as parallel agents do, and waits until the last is on screen. */
const emit = async (story, page, from) => {
  const perTick = (RATE * TICK_MS) / 1000;
  const began = performance.now();
  for (let tick = 0; tick < (SECONDS * 1000) / TICK_MS; tick++) {
    const events = Array.from({ length: perTick }, (_, n) => said(from + tick * perTick + n));
    await story.act(1, events);
    const wait = began + (tick + 1) * TICK_MS - performance.now();
    if (wait > 0) await delay(wait);
  }
  const rate = (RATE * SECONDS * 1000) / (performance.now() - began);
  await page
    .getByRole('log')
    .getByText(`says: ${from + RATE * SECONDS - 1} `)
    .waitFor();
  return rate;
};

const fact = async (page, name) =>
  Number(
    (
      await page
        .locator('.facts div', { has: page.getByText(name, { exact: true }) })
        .locator('dd')
        .innerText()
    ).replace(/\D/g, ''),
  );

const watch = async (page, service, story) => {
  const found = { p50: [], p99: [], rate: [], dropped: [], longest: [] };
  for (let round = 0; round < ROUNDS; round++) {
    await page.goto(`${service.url}/#/feed`);
    await page.getByText('live', { exact: true }).waitFor();
    await delay(500);
    const before = await lines(page);
    await longestTask(page);
    found.rate.push(await emit(story, page, round * RATE * SECONDS));
    found.longest.push(await longestTask(page));
    found.dropped.push(before + RATE * SECONDS - (await lines(page)));
    await page.goto(`${service.url}/#/health`);
    await page.getByText('99 of 100 within').waitFor();
    found.p50.push(await fact(page, 'median'));
    found.p99.push(await fact(page, '99 of 100 within'));
  }
  return found;
};

const openLong = async (browser, service, story) => {
  for (let task = 1; task <= LONG_TASKS; task++)
    await story.act(
      task,
      Array.from({ length: LONG_EVENTS / LONG_TASKS }, (_, n) => said(n)),
    );
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
  await watchTasks(page);
  await page.goto(await service.link());
  await page.waitForURL((url) => url.pathname === '/');
  const began = performance.now();
  await page.goto(`${service.url}/#/sprints/${story.sprintId}/replay`);
  await page.getByText(/event [\d,]+ of [\d,]+$/).waitFor({ timeout: 120_000 });
  const opened = performance.now() - began;
  const opening = await longestTask(page);
  const slider = page.getByRole('slider', { name: 'Moment' });
  const box = await slider.boundingBox();
  for (let step = 1; step < 40; step++) await page.mouse.click(box.x + (box.width * step) / 40, box.y + box.height / 2);
  const travelling = await longestTask(page);
  await page.goto(`${service.url}/#/feed`);
  await page.getByRole('searchbox').fill('lazy dog');
  await page.getByRole('log').hover();
  for (let turn = 0; turn < 30; turn++) await page.mouse.wheel(0, -4000);
  return { opened, opening, travelling, filtering: await longestTask(page) };
};

export const run = async () => {
  const redis = await startRedis('everysec');
  const service = await startService(redis.path);
  const browser = await openBrowser();
  try {
    const story = await beginStory(redis.path, LONG_TASKS);
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
    await watchTasks(page);
    await page.goto(await service.link());
    await page.waitForURL((url) => url.pathname === '/');
    const live = await watch(page, service, story);
    await page.close();
    const long = await openLong(browser, service, story);
    await story.close();
    return [
      row('events appended', '1/s', live.rate),
      row('append → paint, median of the newest 500', 'ms', live.p50, { goal: '< 30', limit: 30 }),
      row('append → paint, 99 of 100', 'ms', live.p99, { goal: '< 130', limit: 130 }),
      row('events that are not in the feed', '', live.dropped, { goal: '0', limit: 0 }),
      row('longest task of the main thread meanwhile', 'ms', live.longest),
      row('a sprint of 60,000 events: opened, folded, drawn', 'ms', [long.opened]),
      row('  longest task while it opens', 'ms', [long.opening]),
      row('  longest task while travelling to 40 moments', 'ms', [long.travelling]),
      row('  longest task while filtering and scrolling the feed', 'ms', [long.filtering]),
    ];
  } finally {
    await browser.close();
    await service.end();
    await redis.end();
  }
};
