import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadConfig } from './config.js';
import { SETTINGS } from './settings.js';

const messageOf = (env: Record<string, string>) => {
  try {
    loadConfig(env);
    return 'accepted';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('the configuration', () => {
  it('works with nothing set', () => {
    const config = loadConfig({ HOME: '/home/someone' });
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 7420,
      roles: ['api', 'orchestrator', 'worker'],
      dataDirectory: '/home/someone/.local/share/hyper-run',
      repositories: [process.cwd()],
      allowUnattended: false,
      attempts: 3,
    });
    expect(config.redisUrl).toBeUndefined();
  });

  it('takes what is set', () => {
    expect(
      loadConfig({
        REDIS_URL: 'unix:///run/redis.sock',
        HYPER_RUN_PORT: '0',
        HYPER_RUN_ROLES: 'api, worker',
        HYPER_RUN_REPOSITORIES: '/srv/a:b',
        HYPER_RUN_ALLOW_UNATTENDED: 'true',
        HYPER_RUN_TOKEN: '',
      }),
    ).toMatchObject({
      redisUrl: { kind: 'socket', path: '/run/redis.sock' },
      port: 0,
      roles: ['api', 'worker'],
      repositories: ['/srv/a', resolve('b')],
      allowUnattended: true,
      token: undefined,
    });
  });

  it.each([
    ['HYPER_RUN_PORT', 'http', 'HYPER_RUN_PORT: expected a whole number from 0 to 65535, found "http".'],
    ['HYPER_RUN_PORT', '70000', 'HYPER_RUN_PORT: expected a whole number from 0 to 65535, found "70000".'],
    ['HYPER_RUN_PORT', '-1', 'HYPER_RUN_PORT: expected a whole number from 0 to 65535, found "-1".'],
    ['HYPER_RUN_ALLOW_UNATTENDED', 'yes', 'HYPER_RUN_ALLOW_UNATTENDED: expected true or false, found "yes".'],
    [
      'HYPER_RUN_ROLES',
      'api,boss',
      'HYPER_RUN_ROLES: expected some of api, orchestrator, worker, separated by commas, found "api,boss".',
    ],
    ['HYPER_RUN_ATTEMPTS', '99', 'HYPER_RUN_ATTEMPTS: expected a whole number from 1 to 10, found "99".'],
  ])('names %s=%s as wrong', (variable, value, message) => {
    expect(messageOf({ [variable]: value })).toBe(message);
  });

  it('names every wrong variable at once, and shows no secret', () => {
    const message = messageOf({ HYPER_RUN_TOKEN: 'hunter2', HYPER_RUN_PORT: 'x', REDIS_URL: 'http://user:pass@host' });
    expect(message.split('\n')).toHaveLength(3);
    expect(message).not.toMatch(/hunter2|pass/);
  });

  it('is documented variable by variable', async () => {
    const documented = await readFile('docs/configuration.md', 'utf8');
    const rows = SETTINGS.map(
      ({ variable, fallback, expected, meaning }) => `| \`${variable}\` | ${fallback} | ${expected} | ${meaning} |`,
    );
    for (const row of rows) expect(documented.replace(/ +/g, ' ')).toContain(row.replace(/ +/g, ' '));
    expect(documented.match(/^\| `(REDIS|HYPER_RUN)/gm)).toHaveLength(SETTINGS.length);
  });

  it('has a row for every property that is read', () => {
    const properties = Object.keys(loadConfig({}));
    expect(properties.toSorted()).toEqual(SETTINGS.map((setting) => setting.property).toSorted());
  });
});
