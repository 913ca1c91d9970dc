import { durationMs } from './duration.js';

export const RETAINED = ['outputs', 'patches', 'archives'] as const;
export type Retained = (typeof RETAINED)[number];

/** Milliseconds after the end of a sprint, and as it was written; what is absent is kept for ever. */
export type Retention = Readonly<Partial<Record<Retained, { readonly ms: number; readonly text: string }>>>;

/** `outputs=30d,patches=90d,archives=365d`. @returns undefined when it is not that */
export const parseRetention = (text: string): Retention | undefined => {
  const entries = text.split(',').map((part) => {
    const [kind = '', time = ''] = part.trim().split('=');
    const ms = durationMs(time);
    const known = RETAINED.find((one) => one === kind);
    return known === undefined || ms === undefined || Number.isNaN(ms)
      ? undefined
      : ([known, { ms, text: time }] as const);
  });
  const whole = entries.filter((entry) => entry !== undefined);
  return whole.length === entries.length ? Object.fromEntries(whole) : undefined;
};
