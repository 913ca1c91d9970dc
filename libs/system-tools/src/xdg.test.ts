import { describe, expect, it } from '@jest/globals';
import { cacheDirectory, dataDirectory, toolCache } from './index.js';

describe('the directories', () => {
  it('follow the XDG specification', () => {
    expect(dataDirectory({ HOME: '/home/a' })).toBe('/home/a/.local/share/hyper-run');
    expect(dataDirectory({ HOME: '/home/a', XDG_DATA_HOME: '/data' })).toBe('/data/hyper-run');
    expect(cacheDirectory({ HOME: '/home/a' })).toBe('/home/a/.cache/hyper-run');
    expect(toolCache({ HOME: '/home/a', XDG_CACHE_HOME: '/cache' })).toBe('/cache/hyper-run/tools');
  });
  it('ignore a base that is relative', () =>
    expect(dataDirectory({ HOME: '/home/a', XDG_DATA_HOME: 'data' })).toBe('/home/a/.local/share/hyper-run'));
  it('are what the operator says', () =>
    expect(dataDirectory({ HOME: '/home/a', XDG_DATA_HOME: '/data', HYPER_RUN_DATA_DIR: '/srv/hr' })).toBe('/srv/hr'));
});
