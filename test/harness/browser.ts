import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AxeBuilder } from '@axe-core/playwright';
import { describe } from '@jest/globals';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { findTool } from '#system-tools';
import type { Api } from './api.js';

const ARTIFACTS = fileURLToPath(new URL('../../test-artifacts', import.meta.url));

/** Long enough for a first start that fetches the browser; for `beforeAll`. */
export const BROWSER_TIMEOUT_MS = 600_000;

const succeeds = (attempt: Promise<unknown>): Promise<boolean> =>
  attempt.then(
    () => true,
    () => false,
  );
const canBeFetched = () => succeeds(promisify(execFile)('apt-get', ['--version']));
const isThere = () => succeeds(findTool('chromium'));

/** `describe`, where a browser is there or can be fetched: then one that is missing fails the tests. Elsewhere skipped. */
export const describeInBrowser =
  process.env['HYPER_RUN_CHROMIUM'] !== undefined || (await canBeFetched()) || (await isThere())
    ? describe
    : describe.skip;

/** The pages are ours: no sandbox, which root cannot have. Nothing but this machine can be reached, by certificates of its own. */
const ARGS = [
  '--disable-gpu',
  '--disable-quic',
  '--ignore-certificate-errors',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/**
 * A Chromium of its own, with a fresh profile: `HYPER_RUN_CHROMIUM`, the one on PATH, or the distribution's, unpacked
 * without root. One per test file; to be closed in `afterAll`.
 * @throws HyperRunError `tool.missing`, with the line that installs one
 */
export const openBrowser = async (): Promise<Browser> => {
  const { path, env } = await chromiumOf(process.env['HYPER_RUN_CHROMIUM']);
  const home = await mkdtemp(join(tmpdir(), 'hyper-run-browser-'));
  const fonts = await writeFontConfig(home, path);
  const browser = await chromium.launch({
    executablePath: path,
    args: ARGS,
    env: { PATH: process.env['PATH'] ?? '', HOME: home, ...env, FONTCONFIG_FILE: fonts },
  });
  browser.once('disconnected', () => void rm(home, { recursive: true, force: true }));
  return browser;
};

const chromiumOf = async (given: string | undefined) =>
  given === undefined
    ? findTool('chromium', { log: (line) => process.stderr.write(`${line}\n`) })
    : { path: given, env: {} };

/** The same font wherever it runs. A provisioned browser comes with it, and the system may have no configuration. */
const writeFontConfig = async (home: string, program: string): Promise<string> => {
  const path = join(home, 'fonts.conf');
  const use = (font: string, mode: string) =>
    `<edit name="family" mode="${mode}" binding="strong"><string>${font}</string></edit>`;
  await writeFile(
    path,
    `<?xml version="1.0"?>
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${join(dirname(program), '..', '..', 'share', 'fonts')}</dir>
  <cachedir>${join(home, 'fonts')}</cachedir>
  <match><test name="family"><string>monospace</string></test>${use('DejaVu Sans Mono', 'assign')}</match>
  <match>${use('DejaVu Sans', 'append_last')}</match>
</fontconfig>
`,
  );
  return path;
};

const problems = new WeakMap<Page, string[]>();

/** A page of a browser context of its own: no cookies of another one. 1280 by 900, without animations. */
export const openPage = async (browser: Browser, options: BrowserContextOptions = {}): Promise<Page> => {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  watch(page);
  return page;
};

/** Another tab of the same browser profile. */
export const openTab = async (page: Page): Promise<Page> => {
  const tab = await page.context().newPage();
  watch(tab);
  return tab;
};

const watch = (page: Page): void => {
  const found: string[] = [];
  problems.set(page, found);
  page.on('console', (message) => {
    if (message.type() === 'error') found.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => found.push(String(error)));
};

/** What the page complained about: errors on its console, exceptions that nobody caught, violations of its policy. */
export const problemsOf = (page: Page): readonly string[] => problems.get(page) ?? [];

/** A link that lets in once, with the route of the web app that it leads to. */
export const newLink = async (api: Api, route = '/'): Promise<string> => {
  const { status, body } = await api.post<{ readonly path: string }>('/session/links');
  if (status !== 201) throw new Error(`POST /session/links answered ${status}.`);
  return api.url + body.path + route;
};

/** Comes in by a link of its own, and is at that route of the web app. */
export const signIn = async (page: Page, api: Api, route = '/'): Promise<void> => {
  await page.goto(await newLink(api, route));
  await page.waitForURL((url) => url.pathname === '/');
};

/** Keeps what is seen of the page, or all of it, as `test-artifacts/<name>.png`. */
export const screenshot = async (page: Page, name: string, { fullPage = false } = {}): Promise<string> => {
  const path = join(ARTIFACTS, `${name}.png`);
  await mkdir(dirname(path), { recursive: true });
  await page.screenshot({ path, fullPage, animations: 'disabled' });
  return path;
};

/** What axe finds on the page, one sentence each with the places; none when it is as it should be. By all rules, or by some. */
export const axe = async (page: Page, rules?: readonly string[]): Promise<string[]> => {
  // Legacy: in the page itself and not in a second one, which takes thrice as long. There are no frames to be looked into.
  // What passes is not told, which takes longer than to find what does not.
  const builder = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ['violations'] });
  const { violations } = await (rules === undefined ? builder : builder.withRules([...rules])).analyze();
  return violations.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
  );
};

const NARROW = { width: 360, height: 740 };

/** How much the page is wider than the window, in pixels. */
export const overflowOf = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

/**
 * What keeps somebody out: what axe finds in the dark and in the light, and what does not fit a narrow screen. Keeps a picture
 * of each as `test-artifacts/<name>-dark`, `-light` and `-narrow`.
 */
export const barriersOf = async (page: Page, name: string): Promise<string[]> => {
  const found: string[] = [];
  const wide = page.viewportSize();
  // Only contrast is another one in another light.
  for (const [colorScheme, rules] of [['dark'], ['light', ['color-contrast']]] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await settled(page);
    found.push(...(await axe(page, rules)).map((barrier) => `${name}, ${colorScheme}: ${barrier}`));
    await screenshot(page, `${name}-${colorScheme}`);
  }
  await page.setViewportSize(NARROW);
  const overflow = await overflowOf(page);
  if (overflow > 0) found.push(`${name}, narrow: ${overflow} px too wide`);
  await screenshot(page, `${name}-narrow`, { fullPage: true });
  if (wide !== null) await page.setViewportSize(wide);
  await page.emulateMedia({ reducedMotion: null });
  return found;
};

const SIZES = { '4k': { width: 3840, height: 2160 }, narrow: NARROW };

/**
 * The same on the widest screen and on the narrowest, by all rules in each light. Longer: not for every day. Keeps a picture of each as
 * `test-artifacts/sizes/<name>-<size>-<light>`.
 */
export const barriersOfSizes = async (page: Page, name: string): Promise<string[]> => {
  const found: string[] = [];
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await settled(page);
      const where = `${name}-${size}-${colorScheme}`;
      found.push(...(await axe(page)).map((barrier) => `${where}: ${barrier}`));
      const overflow = await overflowOf(page);
      if (overflow > 0) found.push(`${where}: ${overflow} px too wide`);
      await screenshot(page, `sizes/${where}`);
    }
  }
  return found;
};

/** Colours that are still on their way from one light to the other have no contrast of their own. */
const settled = (page: Page): Promise<unknown> =>
  page.evaluate(() => {
    const passing = document.getAnimations().filter(({ effect }) => effect?.getTiming().iterations !== Infinity);
    return Promise.allSettled(passing.map(({ finished }) => finished));
  });
