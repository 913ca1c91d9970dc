import { spawn } from 'node:child_process';
import { z } from 'zod';
import type { ServiceClient } from './client.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The program that shows an address on the screen of whoever sits here; none where there is no screen, or
 * `BROWSER=none`. Without a display, xdg-open would take over the terminal with a text browser.
 */
export const openerFor = (env: Environment, platform: NodeJS.Platform = process.platform): string | undefined => {
  if (env.BROWSER === 'none') return undefined;
  if (platform === 'darwin') return env.SSH_CONNECTION ? undefined : 'open';
  return platform === 'linux' && (env.DISPLAY || env.WAYLAND_DISPLAY) ? 'xdg-open' : undefined;
};

/** Whether it was tried: a browser that does not come up says nothing. */
export const showPage = (url: string, env: NodeJS.ProcessEnv): boolean => {
  const opener = openerFor(env);
  if (opener === undefined) return false;
  const child = spawn(opener, [url], { env, detached: true, stdio: 'ignore' });
  child.once('error', () => undefined).unref();
  return true;
};

const SessionLink = z.object({ path: z.string().regex(/^\/enter#[\w-]{43}$/) });

/** A link that lets one browser in, once, within two minutes, and leads it to a route of the web app. */
export const newLink = async (client: ServiceClient, route = ''): Promise<string> => {
  const { path } = await client.send(SessionLink, 'POST', '/session/links', undefined);
  return client.address.url + path + route;
};
