import { describe, expect, it } from '@jest/globals';
import { bytesWithoutSecrets, knownSecrets, rememberSecrets, secretsOf, withoutSecrets } from './secrets.js';

describe('the secrets of the service', () => {
  it('are the password of Redis, the token, and whatever is named like one', () => {
    const env = {
      REDIS_URL: 'redis://:correct%2Fhorse9@host:6379',
      HYPER_RUN_TOKEN: 'token-of-the-service',
      OPENAI_API_KEY: 'key-of-a-provider',
      AWS_SECRET_ACCESS_KEY: 'key-of-a-cloud',
      SSH_KEY: '/home/me/.ssh/id',
      GOPATH: '/go-of-somebody',
      KEYBOARD: 'layout-of-somebody',
    };
    expect(secretsOf(env)).toEqual([
      'correct%2Fhorse9',
      'correct/horse9',
      'token-of-the-service',
      'key-of-a-provider',
      'key-of-a-cloud',
    ]);
    expect(secretsOf({ REDIS_URL: 'unix:///run/redis.sock' })).toEqual([]);
    expect(secretsOf({ REDIS_URL: 'redis+sentinel://u:of-redis-1@a,b:7/main?password=of-guards-2' })).toEqual([
      'of-redis-1',
      'of-redis-1',
      'of-guards-2',
      'of-guards-2',
    ]);
  });

  it('are taken out of text and bytes in all their forms, and nothing else is', () => {
    rememberSecrets(['s3cret-ünder-test', undefined, '', 'running', 'a1b2c3d4']);
    expect(knownSecrets()).toEqual(['s3cret-ünder-test', 'a1b2c3d4']);
    const inBase64 = Buffer.from('s3cret-ünder-test').toString('base64');
    expect(withoutSecrets(`running s3cret-ünder-test ${inBase64}`)).toMatch(/^running \[masked\] \[masked\].?=?=?$/);
    const bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('s3cret-ünder-test'), Buffer.from([0x80])]);
    expect(bytesWithoutSecrets(bytes)).toEqual(
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('[masked]'), Buffer.from([0x80])]),
    );
    const harmless = Buffer.from([0xff, 1, 2]);
    expect(bytesWithoutSecrets(harmless)).toBe(harmless);
  });

  it('stay known when they are remembered again', () => {
    const before = knownSecrets();
    rememberSecrets([...before]);
    expect(knownSecrets()).toBe(before);
  });
});
