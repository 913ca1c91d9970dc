import { describe, expect, it } from '@jest/globals';
import { passwordsIn, parseRedisUrl } from './redis-url.js';

describe('REDIS_URL', () => {
  it.each([
    ['unix:///run/a%20b.sock', { kind: 'socket', path: '/run/a b.sock' }],
    ['redis://localhost', { kind: 'server', tls: false, host: 'localhost', port: 6379, db: 0 }],
    [
      'rediss://ada:p%40ss@[::1]:7000/2',
      { tls: true, host: '::1', port: 7000, db: 2, username: 'ada', password: 'p@ss' },
    ],
    ['redis://:only@h:1/', { host: 'h', port: 1, password: 'only' }],
    [
      'redis+cluster://ada:secret@a:1,b,[fe80::1]:3',
      {
        ...{ kind: 'cluster', tls: false, username: 'ada', password: 'secret' },
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 6379 },
          { host: 'fe80::1', port: 3 },
        ],
      },
    ],
    [
      'rediss+sentinel://:secret@a,b:1/main/3?username=guard&password=of%20guards',
      {
        ...{ kind: 'sentinel', tls: true, name: 'main', db: 3, password: 'secret' },
        sentinel: { username: 'guard', password: 'of guards' },
        nodes: [
          { host: 'a', port: 26_379 },
          { host: 'b', port: 1 },
        ],
      },
    ],
  ])('is understood: %s', (text, expected) => {
    expect(parseRedisUrl(text)).toMatchObject(expected);
  });

  it.each([
    ...['http://h', 'redis:/h', 'redis://', 'redis://a:1,b:2', 'redis://h:99999', 'redis://h/main', 'redis://h:x'],
    ...['unix://', 'unix://host/run/s', 'unix+cluster:///run/s', 'redis+cluster://a,,b', 'redis+cluster://a/1'],
    ...['redis+sentinel://a', 'redis+sentinel://a/', 'redis+sentinel://a/main?db=1', 'redis://u:%zz@h', 'redis://a b'],
  ])('is refused: %s', (text) => {
    expect(parseRedisUrl(text)).toBeUndefined();
  });

  it('gives away its passwords to those who mask them, also where it is wrong otherwise', () => {
    expect(passwordsIn('redis+sentinel://u:a%2Fb@h/main?password=c')).toEqual(['a%2Fb', 'a/b', 'c', 'c']);
    expect(passwordsIn('http://u:a@b:c@h')).toEqual(['a@b:c', 'a@b:c']);
    expect(passwordsIn('unix:///run/u:a@h')).toEqual([]);
  });
});
