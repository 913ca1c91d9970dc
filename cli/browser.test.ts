import { describe, expect, it } from '@jest/globals';
import { openerFor } from './browser.js';

describe('a browser is opened', () => {
  it('where there is a screen', () => {
    expect(openerFor({ DISPLAY: ':0' }, 'linux')).toBe('xdg-open');
    expect(openerFor({ WAYLAND_DISPLAY: 'wayland-0' }, 'linux')).toBe('xdg-open');
    expect(openerFor({}, 'darwin')).toBe('open');
  });

  it('nowhere else, nor where it is not wanted', () => {
    expect(openerFor({}, 'linux')).toBeUndefined();
    expect(openerFor({ SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' }, 'darwin')).toBeUndefined();
    expect(openerFor({ DISPLAY: ':0', BROWSER: 'none' }, 'linux')).toBeUndefined();
    expect(openerFor({}, 'aix')).toBeUndefined();
  });
});
