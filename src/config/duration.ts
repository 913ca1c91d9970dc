const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `30m`, `12h`, `7d` in milliseconds; `never` is undefined, anything else is not a number. */
export const durationMs = (text: string): number | undefined => {
  if (text === 'never') return undefined;
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  return Number(count === '' ? Number.NaN : count) * (UNITS[unit] ?? Number.NaN);
};
