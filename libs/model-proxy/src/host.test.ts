import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseBaseUrl, parseHost, sameHost, shownHost } from './host.js';
import { PinnedHost } from './pinned-host.js';

describe('a host', () => {
  it.each([
    ['API.Example.COM', 'api.example.com', 443],
    ['api.example.com.', 'api.example.com', 443],
    ['api.example.com:80', 'api.example.com', 80],
    ['api.example.com:8443', 'api.example.com', 8443],
    ['bücher.example', 'xn--bcher-kva.example', 443],
    ['ａｐｉ.example.com', 'api.example.com', 443],
    ['аpi.example.com', 'xn--pi-6kc.example.com', 443],
    ['0x7f.1', '127.0.0.1', 443],
    ['2130706433', '127.0.0.1', 443],
    ['127.0.0.1:11434', '127.0.0.1', 11434],
    ['[0:0::1]:80', '[::1]', 80],
    ['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', 443],
  ])('%s is %s, port %d', (text, name, port) => expect(parseHost(text, 443)).toEqual({ name, port }));

  it.each([
    '',
    '.',
    'a..b',
    'a.example\0.evil',
    'a.example\r\nHost: evil',
    'a.example\n',
    '\ta.example',
    'a.example ',
    'a b',
    'a.example/evil',
    'a.example#evil',
    'a.example?evil',
    'user@a.example',
    'a%2eexample',
    'a.example\\evil',
    'a:b',
    'a.example:99999',
    '[::1',
    '::1',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(130)}example`,
    'a\u00a0b.example',
    'a\u2024example/',
    'http://a.example',
    '300.1.1.1',
  ])('is not named by %j', (text) =>
    // prettier-ignore
    expect(() => parseHost(text, 443)).toThrow(expect.objectContaining({ code: 'network.invalid-host' })),
  );

  it('has one form: what it is parsed to is parsed to itself', () =>
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.domain(), fc.ipV4(), fc.ipV6()), (text) => {
        const host = orNothing(() => parseHost(text, 443));
        fc.pre(host !== undefined);
        expect(parseHost(host.name, host.port)).toEqual(host);
        expect(host.name).toMatch(/^[a-z0-9._:[\]-]+$/);
      }),
    ));

  it('is the same only by name and port', () => {
    const same = (a: string, b: string) => sameHost(parseHost(a, 443), parseHost(b, 443));
    expect(same('api.example.com', 'API.example.com.:443')).toBe(true);
    expect(same('api.example.com', 'api.example.com:444')).toBe(false);
    expect(same('api.example.com', 'api.example.com.evil.org')).toBe(false);
    expect(same('api.example.com', 'evilapi.example.com')).toBe(false);
  });
});

describe('a base URL', () => {
  it.each([
    [
      'https://API.Example.com/v1/',
      { secure: true, name: 'api.example.com', port: 443, path: '/v1' },
      'api.example.com',
    ],
    ['http://127.0.0.1:11434', { secure: false, name: '127.0.0.1', port: 11434, path: '' }, '127.0.0.1:11434'],
    ['http://host/a/b:c', { secure: false, name: 'host', port: 80, path: '/a/b:c' }, 'host'],
  ])('%s', (text, base, shown) => {
    // prettier-ignore
    expect(parseBaseUrl(text)).toEqual(base);
    expect(shownHost(parseBaseUrl(text))).toBe(shown);
  });

  it.each([
    'ftp://a.example',
    'https://me:secret@a.example/v1',
    'https://a.example/v1?key=x',
    'https://a.example/#x',
    'a.example',
    'https://a.example/%2e%2e/x',
    'https://a.example/a//b',
    'https://a.example\\@evil',
    ' https://a.example',
    'https://',
  ])('is not %j', (text) =>
    // prettier-ignore
    expect(() => parseBaseUrl(text)).toThrow(expect.objectContaining({ code: 'network.invalid-host' })),
  );
});

describe('a pinned host', () => {
  const pinned = (name: string) => new PinnedHost(parseHost(name, 443));

  it.each(['169.254.169.254', '[fe80::1]', '[fd00:ec2::254]', '[::ffff:169.254.169.254]'])(
    'is never %s, where clouds keep secrets',
    async (name) => {
      await expect(pinned(name).addresses()).rejects.toMatchObject({ code: 'network.forbidden-address' });
    },
  );

  it('means one address for as long as it lives', async () => {
    const host = pinned('localhost');
    const first = await host.addresses();
    expect(first.map(({ address }) => address)).toContain('127.0.0.1');
    expect(await host.addresses()).toBe(first);
  });

  it('says which name it could not look up', async () => {
    await expect(pinned('no-such-host.invalid').addresses()).rejects.toMatchObject({ code: 'network.unknown-host' });
  });
});

const orNothing = <Value>(make: () => Value): Value | undefined => {
  try {
    return make();
  } catch {
    return undefined;
  }
};
