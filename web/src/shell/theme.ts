import { createStore } from '../live/store.js';

export const THEMES = ['system', 'dark', 'light'] as const;
export type Theme = (typeof THEMES)[number];
const KEY = 'hyper-run.theme';

const stored = (): Theme => {
  const value = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === value) ?? 'system';
};

export const theme = createStore<Theme>('system');

const show = (next: Theme) => {
  document.documentElement.dataset.theme = next;
  theme.set(next);
};

export const initTheme = (): void => show(stored());

export const nextTheme = (): void => {
  const next = THEMES[(THEMES.indexOf(theme.get()) + 1) % THEMES.length] ?? 'system';
  localStorage.setItem(KEY, next);
  show(next);
};
